package fathom;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads the sources of every module: who names whom, how long files are, what types are called. */
class RoomsTest {
  private static final int LONGEST_FILE = 350;

  /** Each room, and the rooms that it may name; a room may always name itself. */
  private static final Map<String, Set<String>> ROOMS =
      Map.ofEntries(
          Map.entry("blas", Set.of()),
          Map.entry("matrix", Set.of()),
          Map.entry("kernel", Set.of("matrix")),
          Map.entry("engine", Set.of("matrix", "kernel", "blas")),
          Map.entry("nn", Set.of("matrix", "kernel", "engine")),
          Map.entry("optim", Set.of("matrix", "kernel", "engine")),
          Map.entry("data", Set.of("matrix")),
          Map.entry("train", Set.of("matrix", "kernel", "engine", "nn", "optim", "data")),
          Map.entry("lab.theory", Set.of("matrix", "nn")),
          Map.entry("lab.probe", Set.of("matrix", "engine", "nn", "data", "train")),
          Map.entry("lab.stress", overCore("lab.theory", "lab.probe")),
          Map.entry("lab.preflight", overCore("lab.theory", "lab.probe", "lab.stress")),
          Map.entry("lab.papers", overCore("lab.theory", "lab.probe")),
          Map.entry(
              "cli", overCore("blas", "lab.theory", "lab.stress", "lab.preflight", "lab.papers")),
          Map.entry("jmh", overCore("blas")));

  private static final Pattern TEXT_OR_COMMENT =
      Pattern.compile(
          "\"\"\"(?s:.*?)\"\"\"|\"(?:[^\"\\\\\n]++|\\\\.)*+\"|'(?:[^'\\\\\n]++|\\\\.)*+'"
              + "|//[^\n]*+|/\\*(?s:.*?)\\*/");
  private static final Pattern PACKAGE = Pattern.compile("\\bpackage\\s+fathom(?:\\.([\\w.]+))?");

  /** Packages begin small, types do not. */
  private static final Pattern NAMED = Pattern.compile("\\bfathom\\.([a-z]\\w*(?:\\.[a-z]\\w*)*)");

  private static final Pattern PRINT_OR_EXIT =
      Pattern.compile(
          "\\bSystem\\s*\\.\\s*(?:out|err|exit)\\b|\\.halt\\(|\\.printStackTrace\\(\\)");
  private static final Pattern EMPTY_NAME =
      Pattern.compile(
          "\\b(?:class|interface|enum|record)\\s+(\\w*(?:Utils?|Manager|Helper|Impl))\\b");
  private static final Pattern LIBRARIES = Pattern.compile("(?:native-bindings|core|lab)/");
  private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

  @Test
  void everySourceKeepsToItsRoom() throws IOException {
    Path root = root();
    List<String> violations = new ArrayList<>();
    Matcher module = MODULE.matcher(Files.readString(root.resolve("pom.xml"), UTF_8));
    int modules = 0;
    for (; module.find(); modules++) {
      List<Path> sources = sources(root.resolve(module.group(1)));
      assertFalse(sources.isEmpty(), "no sources in module " + module.group(1));
      for (Path source : sources) {
        violations.addAll(
            violations(
                root.relativize(source).toString().replace('\\', '/'),
                Files.readString(source, UTF_8)));
      }
    }
    assertTrue(modules >= 2, "expected at least native-bindings and core, found " + modules);
    assertEquals(List.of(), violations, String.join("\n", violations));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          core/src/main/java/fathom/nn/A.java     | package fathom.nn; import fathom.optim.Adam;      | may not name fathom.optim
          core/src/main/java/fathom/nn/A.java     | package fathom.nn; import static fathom.blas.B.c; | may not name fathom.blas
          core/src/main/java/fathom/kernel/A.java | package fathom.kernel; import fathom.engine.Engine; | may not name fathom.engine
          core/src/main/java/fathom/optim/A.java  | package fathom.optim; fathom.nn.Network n;        | may not name fathom.nn
          core/src/main/java/fathom/matrix/A.java | package fathom.matrix; import fathom.kernel.*;    | may not name fathom.kernel
          core/src/main/java/fathom/train/A.java  | package fathom.train; import fathom.lab.Sweep;    | may not name fathom.lab
          core/src/main/java/fathom/nn/A.java     | package fathom.nn; import fathom.lab.probe.Probe; | may not name fathom.lab.probe
          lab/src/main/java/A.java                | package fathom.lab.stress; import fathom.cli.Main; | may not name fathom.cli
          lab/src/main/java/A.java                | package fathom.lab.theory; import fathom.lab.probe.Probe; | may not name fathom.lab.probe
          lab/src/main/java/A.java                | package fathom.lab.probe; import fathom.lab.theory.MeanField; | may not name fathom.lab.theory
          lab/src/main/java/A.java                | package fathom.lab.probe; import fathom.lab.stress.*; | may not name fathom.lab.stress
          lab/src/main/java/A.java                | package fathom.lab.stress; fathom.lab.preflight.Preflight p; | may not name fathom.lab.preflight
          lab/src/main/java/A.java                | package fathom.lab.papers; import static fathom.lab.preflight.A.b; | may not name fathom.lab.preflight
          lab/src/main/java/A.java                | package fathom.lab.theory; import fathom.train.Trainer; | may not name fathom.train
          lab/src/main/java/A.java                | package fathom.lab;                               | not a room
          lab/src/main/java/A.java                | package fathom.lab.attic;                         | not a room
          jmh/src/main/java/fathom/jmh/A.java     | package fathom.jmh.peers; import fathom.lab.papers.A; | may not name fathom.lab.papers
          lab/src/main/java/A.java                | package fathom.lab.probe; x(System.err);          | prints or exits
          cli/src/main/java/fathom/cli/A.java     | package fathom.cli; import jdk.incubator.vector.V; | jdk.incubator.vector
          core/src/main/java/fathom/nn/A.java     | package fathom.attic;                             | not a room
          core/src/main/java/fathom/A.java        | package fathom;                                   | not a room
          native-bindings/src/main/java/A.java    | package fathom.blas; import org.bytedeco.a.B;     | org.bytedeco
          core/src/main/java/OpenBlas.java        | package fathom.nn; import org.bytedeco.a.B;       | org.bytedeco
          core/src/main/java/ScalarKernels.java   | package fathom.kernel; import jdk.incubator.vector.V; | jdk.incubator.vector
          core/src/main/java/VectorLayer.java     | package fathom.nn; import jdk.incubator.vector.V; | jdk.incubator.vector
          core/src/main/java/A.java               | package fathom.nn; x(System.out);                 | prints or exits
          native-bindings/src/main/java/A.java    | package fathom.blas; System.exit(1);              | prints or exits
          core/src/main/java/A.java               | package fathom.nn; e.printStackTrace();           | prints or exits
          core/src/main/java/A.java               | package fathom.nn; final class MatrixUtils {}     | MatrixUtils
          core/src/main/java/A.java               | package fathom.nn; Arena a = Arena.ofConfined();  | confined
          cli/src/test/java/A.java                | package fathom.cli; record TestHelper(int a) {}   | TestHelper
          """)
  void theCheckerSeesAViolation(String path, String source, String expected) {
    List<String> found = violations(path, source);
    assertEquals(1, found.size(), found.toString());
    assertTrue(found.get(0).contains(expected), found.get(0));
  }

  @Test
  void theCheckerSeesALongFile() {
    String source = "package fathom.nn;\n" + "\n".repeat(LONGEST_FILE - 1);
    assertEquals(List.of(), violations("core/src/main/java/A.java", source));
    List<String> found = violations("core/src/main/java/A.java", source + "\n");
    assertEquals(1, found.size(), found.toString());
    assertTrue(found.get(0).contains("351 lines"), found.get(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          core/src/main/java/A.java                   | package fathom.engine; import fathom.blas.Blas; import fathom.kernel.B;
          core/src/main/java/VectorKernels.java       | package fathom.kernel; import jdk.incubator.vector.V;
          native-bindings/src/main/java/OpenBlas.java | package fathom.blas; import org.bytedeco.a.B;
          jmh/src/main/java/fathom/jmh/A.java         | package fathom.jmh; import org.bytedeco.a.B; import fathom.blas.Blas;
          jmh/src/main/java/fathom/jmh/A.java         | package fathom.jmh; Arena a = Arena.ofConfined();
          cli/src/main/java/fathom/cli/A.java         | package fathom.cli; System.out.println("java fathom.blas.Main");
          core/src/main/java/A.java                   | package fathom.nn; /** As fathom.optim.Adam. */ // System.exit
          jmh/src/main/java/fathom/jmh/A.java         | package fathom.jmh.peers; import fathom.jmh.Data; import fathom.nn.Network;
          cli/src/main/java/fathom/cli/A.java         | package fathom.cli; import fathom.lab.preflight.Preflight;
          lab/src/main/java/A.java                    | package fathom.lab.preflight; import fathom.lab.stress.Verdict.Outcome; import fathom.lab.probe.*;
          lab/src/main/java/A.java                    | package fathom.lab.stress; import fathom.lab.stress.Grid; import fathom.lab.theory.MeanField;
          core/src/test/java/A.java                   | package fathom.nn; import fathom.optim.Adam; x(System.out);
          core/src/main/java/module-info.java         | module fathom.core { exports fathom.nn; requires jdk.incubator.vector; }
          """)
  void theCheckerPassesWhatIsAllowed(String path, String source) {
    assertEquals(List.of(), violations(path, source));
  }

  /** Returns one line for each rule that a source breaks; test sources may name any room. */
  private static List<String> violations(String path, String source) {
    List<String> found = new ArrayList<>();
    String code = TEXT_OR_COMMENT.matcher(source).replaceAll(" ");
    long lines = source.lines().count();
    if (lines > LONGEST_FILE) {
      found.add(path + " has " + lines + " lines, more than " + LONGEST_FILE);
    }
    Matcher name = EMPTY_NAME.matcher(code);
    while (name.find()) {
      found.add(path + " has a type with a name that says nothing: " + name.group(1));
    }
    if (path.contains("src/main/") && !path.endsWith("module-info.java")) {
      checkRoom(path, code, found);
    }
    return found;
  }

  private static void checkRoom(String path, String code, List<String> found) {
    Matcher declared = PACKAGE.matcher(code);
    String room = room(declared.find() ? String.valueOf(declared.group(1)) : "null");
    Set<String> allowed = ROOMS.get(room);
    if (allowed == null) {
      found.add(path + " is in a package that is not a room of " + ROOMS.keySet());
      return;
    }
    NAMED
        .matcher(code)
        .results()
        .map(named -> room(named.group(1)))
        .distinct()
        .filter(named -> !named.equals(room) && !allowed.contains(named))
        .forEach(named -> found.add(path + " may not name fathom." + named + ", only " + allowed));
    String file = Path.of(path).getFileName().toString();
    boolean knowsBytedeco =
        room.equals("jmh") || (room.equals("blas") && file.equals("OpenBlas.java"));
    if (code.contains("org.bytedeco") && !knowsBytedeco) {
      found.add(path + " names org.bytedeco, which only OpenBlas.java and jmh may");
    }
    boolean knowsVectors = room.equals("kernel") && file.startsWith("Vector");
    if (code.contains("jdk.incubator.vector") && !knowsVectors) {
      found.add(path + " names jdk.incubator.vector, which only Vector* in fathom.kernel may");
    }
    if (LIBRARIES.matcher(path).lookingAt() && PRINT_OR_EXIT.matcher(code).find()) {
      found.add(path + " prints or exits, which is the caller's to decide");
    }
    if (code.contains("ofConfined") && !room.equals("jmh")) {
      found.add(path + " makes a confined arena, which NativeMemory says what is wrong with");
    }
  }

  /** Returns the room that a package is or is in; the package itself if there is none. */
  private static String room(String name) {
    String outer = name;
    while (!ROOMS.containsKey(outer) && outer.contains(".")) {
      outer = outer.substring(0, outer.lastIndexOf('.'));
    }
    return ROOMS.containsKey(outer) ? outer : name;
  }

  /** Returns all rooms of core, and some more. */
  private static Set<String> overCore(String... more) {
    return Stream.concat(
            Stream.of("matrix", "kernel", "engine", "nn", "optim", "data", "train"),
            Stream.of(more))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static List<Path> sources(Path module) throws IOException {
    try (Stream<Path> files = Files.walk(module.resolve("src"))) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  /** The folder that holds native-bindings, whichever module's folder a test runner starts in. */
  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve("native-bindings"))) {
      folder = folder.getParent();
    }
    assertTrue(folder != null, "no folder above " + Path.of("").toAbsolutePath() + " is Fathom's");
    return folder;
  }
}
