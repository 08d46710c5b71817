package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.cli.Document.Example;
import fathom.cli.Document.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/** The Java examples of a page as classes of their own, which see all exported packages. */
final class ExampleSource {
  private static final Pattern EXPORT = Pattern.compile("exports ([\\w.]+);");
  private static final List<String> MODULES = List.of("native-bindings", "core", "lab");

  private ExampleSource() {}

  /**
   * Compiles all Java examples of a page.
   *
   * @param root of the repository
   * @param classes where sources and classes go
   * @throws AssertionError if one does not compile, with what the compiler said
   */
  static void compile(Path root, String page, List<Example> examples, Path classes)
      throws IOException {
    List<String> words = new ArrayList<>(List.of("-proc:none", "-implicit:none", "-d"));
    words.addAll(List.of(classes.toString(), "-cp", ExampleProcess.classPath()));
    int options = words.size();
    for (Example example : examples) {
      if (example.kind() == Kind.RUN || example.kind() == Kind.COMPILE) {
        Path file = classes.resolve(ExampleProcess.name(example) + ".java");
        words.add(Files.writeString(file, source(root, example)).toString());
      }
    }
    if (words.size() > options) {
      StringWriter messages = new StringWriter();
      PrintWriter out = new PrintWriter(messages);
      ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
      assertEquals(0, javac.run(out, out, words.toArray(new String[0])), page + ": " + messages);
    }
  }

  private static String source(Path root, Example example) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String name : exportedPackages(root)) {
      text.append("import ").append(name).append(".*; ");
    }
    text.append("import java.io.*; import java.lang.foreign.*; import java.nio.file.*;");
    text.append("import java.util.*; import java.util.stream.*; public class ");
    text.append(ExampleProcess.name(example));
    text.append(" { public static void main(String[] args) throws Exception {\n");
    return text.append(example.text()).append("\n}}\n").toString();
  }

  private static List<String> exportedPackages(Path root) throws IOException {
    List<String> packages = new ArrayList<>();
    for (String module : MODULES) {
      Path declaration = root.resolve(module).resolve("src/main/java/module-info.java");
      if (Files.exists(declaration)) {
        EXPORT
            .matcher(Files.readString(declaration))
            .results()
            .forEach(m -> packages.add(m.group(1)));
      }
    }
    return packages;
  }
}
