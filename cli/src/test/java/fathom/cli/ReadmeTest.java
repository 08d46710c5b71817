package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is compiled and run as it stands, so that it cannot rot. */
class ReadmeTest {
  private static final List<String> IMPORTS =
      List.of(
          "fathom.data.*", "fathom.nn.*", "fathom.optim.*", "fathom.train.*", "java.nio.file.Path");

  @Test
  void theExampleTrainsToWhatAUserExpects(@TempDir Path folder) throws Exception {
    String readme = Files.readString(Path.of("../README.md"));
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertTrue(block.find(), "no Java example in the README");
    Path model = folder.resolve("digits.safetensors");
    String example = block.group(1).replace("digits.safetensors", model.toString());
    StringBuilder source = new StringBuilder();
    IMPORTS.forEach(i -> source.append("import ").append(i).append(";\n"));
    source.append("public class Example { public static void main(String[] a) {\n");
    source.append(example).append("}}\n");
    Path file = Files.writeString(folder.resolve("Example.java"), source);
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process javac =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "javac").toString(),
                "-cp",
                classPath,
                "-d",
                folder.toString(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String messages = new String(javac.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, javac.waitFor(), messages);
    String output = run(folder);
    Matcher accuracy = Pattern.compile("accuracy (0\\.[0-9]+)").matcher(output);
    assertTrue(accuracy.find(), output);
    assertTrue(Double.parseDouble(accuracy.group(1)) >= 0.96, output);
    assertTrue(Files.size(model) > 0);
    assertEquals(31, output.lines().count(), output);
  }

  private static String run(Path folder) throws Exception {
    PrintStream console = System.out;
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
      loader
          .loadClass("Example")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(console);
    }
    return output.toString(StandardCharsets.UTF_8);
  }
}
