package fathom.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM of its own says when it cannot load the library. */
class BlasLoadTest {
  /** Loads the library, twice if need be, and leaves the exception to the JVM. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      try {
        String unused = Blas.openBlas().name();
      } catch (BlasUnavailableException first) {
        // The second call must not fail otherwise than the first.
        String unused = Blas.openBlas().name();
      }
    }
  }

  private static final String PLATFORM = Loader.Detector.getPlatform();

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void makeFile() throws IOException {
    file = Files.createFile(folder.resolve("file"));
  }

  /** Returns the first line that the child wrote, or nothing if it loaded the library. */
  private String run(Predicate<String> classPath, String... flags) throws Exception {
    String path =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(classPath)
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", path, Child.class.getName()));
    Path output = folder.resolve("output");
    Process child =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(child.waitFor(2, TimeUnit.MINUTES), "the child hangs");
    } finally {
      child.destroyForcibly();
    }
    String start = "Exception in thread \"main\" fathom.blas.BlasUnavailableException: ";
    List<String> lines =
        Files.readAllLines(output).stream().filter(l -> !l.startsWith("WARNING")).toList();
    assertEquals(lines.isEmpty() ? 0 : 1, child.exitValue(), lines.toString());
    if (lines.isEmpty()) {
      return "";
    }
    assertTrue(lines.get(0).startsWith(start), lines.toString());
    return lines.get(0).substring(start.length());
  }

  @Test
  void noFolderCanBeWritten() throws Exception {
    String unusable = file.resolve("cache").toString();
    assertEquals(
        "no BLAS on "
            + PLATFORM
            + ": Could not create the cache: Set the \"org.bytedeco.javacpp.cachedir\" system"
            + " property.; neither that folder nor the home and temporary folders can be written:"
            + " name another folder with -Dorg.bytedeco.javacpp.cachedir=FOLDER",
        run(
            entry -> true,
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.cachedir=" + unusable,
            "-Duser.home=" + unusable,
            "-Djava.io.tmpdir=" + unusable));
  }

  @Test
  void homeStandsInForAnUnusableFolder() throws Exception {
    String message =
        run(
            entry -> true,
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.cachedir=" + file.resolve("cache"),
            "-Duser.home=" + folder);
    assertEquals("", message);
    assertTrue(Files.isDirectory(folder.resolve(".javacpp/cache")));
  }

  @Test
  void thePlatformJarIsMissing() throws Exception {
    assertEquals(
        "no BLAS on "
            + PLATFORM
            + ": Could not find jniopenblas_nolapack in class, module, and library paths.; add the"
            + " jar org.bytedeco:openblas with classifier "
            + PLATFORM
            + ", if there is one for this platform",
        run(
            entry -> !entry.contains(PLATFORM),
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")));
  }

  @Test
  void allJarsAreMissing() throws Exception {
    String message =
        run(entry -> !entry.contains("bytedeco"), "--enable-native-access=ALL-UNNAMED");
    assertTrue(
        message.endsWith("; add org.bytedeco:javacpp and org.bytedeco:openblas to the class path"),
        message);
  }

  @Test
  void nativeAccessIsForbidden() throws Exception {
    String message = run(entry -> true, "--illegal-native-access=deny");
    assertTrue(
        message.endsWith(
            "; allow native access with --enable-native-access=fathom.blas,fathom.core,org.bytedeco.javacpp, or"
                + " =ALL-UNNAMED on the class path"),
        message);
  }
}
