package fathom.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The examples of one page in a process whose working folder is a new one, one after the other, so
 * that each finds the files that those before it have written.
 */
final class ExampleProcess {
  private ExampleProcess() {}

  /**
   * Runs examples and returns what each has printed.
   *
   * @param folder the working folder
   * @param classes where compiled Java lies, each example in the class of its name
   * @throws AssertionError if one fails, with what the process said
   */
  static List<String> run(Path folder, Path classes, List<Document.Example> examples)
      throws IOException, InterruptedException {
    Path list = classes.resolve("examples");
    List<String> lines = new ArrayList<>();
    for (Document.Example example : examples) {
      boolean java = example.kind() == Document.Kind.RUN;
      lines.add(java ? "java " + name(example) : "fathom " + example.text());
    }
    Files.write(list, lines);
    Path console = classes.resolve("console");
    String path = classes + System.getProperty("path.separator") + classPath();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-cp",
                path,
                ExampleProcess.class.getName(),
                list.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
    int status = process.waitFor();
    List<String> printed = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      Path output = output(list, i);
      if (status != 0 || !Files.exists(output)) {
        String said = Files.readString(console);
        throw new AssertionError("status " + status + " at " + examples.get(i) + ": " + said);
      }
      printed.add(Files.readString(output));
    }
    return printed;
  }

  static String name(Document.Example example) {
    return "Example" + example.line();
  }

  static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  private static Path output(Path list, int example) {
    return list.resolveSibling("output-" + example);
  }

  /** Runs the examples of a list, and writes the output of each beside it. */
  public static void main(String[] args) throws Exception {
    Path list = Path.of(args[0]);
    List<String> examples = Files.readAllLines(list);
    for (int i = 0; i < examples.size(); i++) {
      String[] words = examples.get(i).split(" +", -1);
      System.err.println(examples.get(i));
      String printed;
      if (words[0].equals("java")) {
        printed = printed(Class.forName(words[1]));
      } else {
        Object[] rest = new Object[words.length - 1];
        System.arraycopy(words, 1, rest, 0, rest.length);
        Run run = Run.done(rest.length == 1 && words[1].isEmpty() ? new Object[0] : rest);
        printed = run.out() + run.err();
      }
      Files.writeString(output(list, i), printed);
    }
  }

  private static String printed(Class<?> example) throws Exception {
    PrintStream console = System.out;
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(output, true, UTF_8));
      example.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
    } catch (InvocationTargetException e) {
      throw new AssertionError(example.getName() + " failed", e.getCause());
    } finally {
      System.setOut(console);
    }
    return output.toString(UTF_8);
  }
}
