package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.cli.Document.Example;
import fathom.cli.Document.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * The README, the handbook and the other pages: their examples are compiled and run as they stand,
 * their links lead somewhere, and the tests that they name exist.
 *
 * <p>In a block of the kind {@code java} is the body of a method, which sees all exported packages;
 * after {@code <!-- compile only -->} it is not run. In a block of the kind {@code console}, lines
 * that begin with {@code $ ./fathom} are run, and the lines below one are its output, in which
 * numbers may differ and {@code ...} stands for the rest of a line or for lines; after {@code <!--
 * not run: reason -->} the options are read and that is all, as they are of a command within a
 * sentence. Examples of a page share a folder, in which {@link #prepare} has put some data.
 */
class DocumentsTest {
  private static final Path ROOT = Path.of("..");
  private static final String README = "README.md";
  private static final String ELLIPSIS = "...";
  private static final Pattern NUMBER_BLANKS_OR_WORD =
      Pattern.compile("[0-9](?:[0-9.,]*[0-9])?(?:e[+-]?[0-9]+)?|\\s+|[^0-9\\s]+");
  private static final Pattern METHOD = Pattern.compile("void (\\w+)\\(");

  @TempDir private Path folder;

  /** Returns the pages that have examples. */
  static List<String> handbook() throws IOException {
    List<String> pages = new ArrayList<>(List.of(README));
    pages.addAll(list("docs", ".md"));
    return pages;
  }

  /** Returns all pages. */
  static List<String> pages() throws IOException {
    List<String> pages = handbook();
    pages.addAll(List.of("CONTRIBUTING.md", "CHANGELOG.md"));
    return pages;
  }

  private static List<String> list(String directory, String... endings) throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve(directory))) {
      return files
          .map(file -> directory + "/" + file.getFileName())
          .filter(name -> Stream.of(endings).anyMatch(name::endsWith))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("handbook")
  void everyExampleRuns(String page) throws Exception {
    List<Example> examples = Document.read(ROOT, page).examples();
    Path classes = Files.createDirectory(folder.resolve("classes"));
    ExampleSource.compile(ROOT, page, examples, classes);
    List<Example> toRun =
        examples.stream().filter(e -> e.kind() == Kind.RUN || e.kind() == Kind.COMMAND).toList();
    assertFalse(toRun.isEmpty(), page + " has no example that is run");
    Path work = prepare(Files.createDirectory(folder.resolve("work")));
    List<String> printed = ExampleProcess.run(work, classes, toRun);
    assertEquals(toRun.size(), printed.size());
    for (int i = 0; i < toRun.size(); i++) {
      Example example = toRun.get(i);
      String missing = missing(example.output(), printed.get(i));
      assertEquals(null, missing, page + ":" + example.line() + " prints " + printed.get(i));
    }
    if (page.equals(README)) {
      requireAccuracy(toRun, printed, work);
    }
  }

  /** Holds the README's example against what it shows. */
  private static void requireAccuracy(List<Example> examples, List<String> printed, Path work)
      throws IOException {
    int first = 0;
    while (examples.get(first).kind() != Kind.RUN) {
      first++;
    }
    String output = printed.get(first);
    Matcher accuracy = Pattern.compile("accuracy (0\\.[0-9]+)").matcher(output);
    assertTrue(accuracy.find(), output);
    assertTrue(Double.parseDouble(accuracy.group(1)) >= 0.96, output);
    assertTrue(Files.size(work.resolve("digits.safetensors")) > 0);
    assertEquals(31, output.lines().count(), output);
  }

  /** Returns the first of some lines that is not printed, or null if all are. */
  private static String missing(List<String> lines, String printed) {
    for (String line : lines) {
      boolean counts = !line.isBlank() && !line.strip().equals(ELLIPSIS);
      if (counts && !shape(line).matcher(printed).find()) {
        return line;
      }
    }
    return null;
  }

  /** Returns a pattern of lines that differ in numbers, in blanks, and behind an ellipsis. */
  private static Pattern shape(String line) {
    StringBuilder pattern = new StringBuilder("(?m)^\\s*");
    Matcher part = NUMBER_BLANKS_OR_WORD.matcher(line.strip());
    while (part.find()) {
      String text = part.group();
      if (Character.isDigit(text.charAt(0))) {
        pattern.append("[0-9][0-9.,e+-]*");
      } else if (text.isBlank()) {
        pattern.append("[ \\t]+");
      } else {
        pattern.append(text.equals(ELLIPSIS) ? ".*" : Pattern.quote(text));
      }
    }
    return Pattern.compile(pattern.append("\\s*$").toString());
  }

  /** Puts the data into a folder that the pages suppose the reader to have. */
  private static Path prepare(Path work) throws IOException {
    Path images = Samples.images(work.resolve("mnist"), 200, 50, 10);
    Samples.trees(work, "trees.csv", 150);
    Samples.prices(work, "prices.csv", 200);
    Path pixels = images.resolve("t10k-images-idx3-ubyte");
    byte[] bytes = Samples.read(pixels);
    Samples.write(work.resolve("x.npy"), npy("|u1", "(50, 4, 4)", bytes, 16));
    byte[] labels = new byte[50];
    System.arraycopy(Samples.read(images.resolve("t10k-labels-idx1-ubyte")), 8, labels, 0, 50);
    Samples.write(work.resolve("y.npy"), npy("|u1", "(50,)", labels, 0));
    return work;
  }

  private static byte[] npy(String type, String shape, byte[] bytes, int from) {
    String header =
        String.format("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    byte[] file = new byte[128 + bytes.length - from];
    byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    System.arraycopy(start, 0, file, 0, start.length);
    for (int i = start.length; i < 128; i++) {
      int c = i - start.length;
      file[i] = (byte) (i == 127 ? '\n' : c < header.length() ? header.charAt(c) : ' ');
    }
    System.arraycopy(bytes, from, file, 128, bytes.length - from);
    return file;
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyCommandHasOptionsThatExist(String page) {
    for (Example example : Document.read(ROOT, page).examples()) {
      if (example.kind() == Kind.COMMAND || example.kind() == Kind.PARSE) {
        try {
          Main.commandLine().parseArgs(example.words());
        } catch (CommandLine.ParameterException e) {
          throw new AssertionError(page + ":" + example.line() + ": " + example.text(), e);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(String page) {
    for (String link : Document.read(ROOT, page).links()) {
      assertTrue(leads(page, link), page + " links to " + link);
    }
  }

  private static boolean leads(String page, String link) {
    String[] parts = link.split("#", 2);
    Path target = Path.of(page);
    if (!parts[0].isEmpty()) {
      target = target.resolveSibling(parts[0]).normalize();
    }
    boolean there = Files.exists(ROOT.resolve(target));
    return there
        && (parts.length == 1
            || Document.read(ROOT, target.toString()).anchors().contains(parts[1]));
  }

  @Test
  void everyPageAndPictureIsReachedFromTheReadme() throws IOException {
    Set<String> seen = new HashSet<>(Set.of(README));
    Deque<String> left = new ArrayDeque<>(seen);
    while (!left.isEmpty()) {
      String page = left.remove();
      if (page.endsWith(".md")) {
        for (String link : Document.read(ROOT, page).links()) {
          Path target = Path.of(page).resolveSibling(link.replaceFirst("#.*", "")).normalize();
          if (!link.startsWith("#") && seen.add(target.toString())) {
            left.add(target.toString());
          }
        }
      }
    }
    List<String> all = new ArrayList<>(pages());
    all.addAll(list("docs", ".svg", ".png"));
    all.removeAll(seen);
    assertEquals(List.of(), all, "linked from nowhere");
  }

  @Test
  void everyTestThatIsNamedExists() throws IOException {
    Map<String, Set<String>> tests = new HashMap<>();
    for (String module : List.of("native-bindings", "core", "lab", "cli", "jmh")) {
      Path sources = ROOT.resolve(module).resolve("src/test/java");
      if (Files.exists(sources)) {
        try (Stream<Path> files = Files.walk(sources)) {
          for (Path file : files.filter(f -> f.toString().endsWith("Test.java")).toList()) {
            String name = file.getFileName().toString().replace(".java", "");
            tests.put(name, methods(file));
          }
        }
      }
    }
    for (String page : pages()) {
      for (String[] named : Document.read(ROOT, page).tests()) {
        Set<String> methods = tests.get(named[0]);
        assertTrue(
            methods != null && (named[1] == null || methods.contains(named[1])),
            page + " names " + named[0] + (named[1] == null ? "" : "#" + named[1]));
      }
    }
  }

  private static Set<String> methods(Path file) throws IOException {
    return METHOD
        .matcher(Files.readString(file))
        .results()
        .map(m -> m.group(1))
        .collect(Collectors.toSet());
  }

  @Test
  void pagesKeepTheirLengths() throws IOException {
    for (String page : handbook()) {
      List<String> lines = Document.read(ROOT, page).text().lines().toList();
      int most = page.equals(README) ? 150 : page.endsWith("results.md") ? 350 : 200;
      assertTrue(lines.size() <= most, page + " has " + lines.size() + " lines");
      for (String line : lines) {
        boolean fits = line.length() <= 150 || line.startsWith("|");
        assertTrue(fits, page + " has a line that is too long: " + line);
      }
    }
  }

  @Test
  void whatIsWrongWithAPageIsSeen() {
    Document page =
        new Document(
            "page.md",
            "# A title, and more\n`./fathom info`\n```console\n$ ./fathom train --hidden \\\n  8"
                + "  # quick\naccuracy 97.5 %\n...\n$ ls\nfile\n```\n"
                + "<!-- compile only -->\n```java\nint i;\n```\n[a](b.md#c)\n"
                + "<!-- not run: slow -->\n```console\n$ X=1 ./fathom info\n```\n");
    List<Example> examples = page.examples();
    assertEquals(
        List.of(Kind.PARSE, Kind.COMMAND, Kind.COMPILE, Kind.PARSE),
        examples.stream().map(Example::kind).toList());
    assertEquals(List.of(2, 4, 12, 18), examples.stream().map(Example::line).toList());
    assertEquals("train --hidden 8", examples.get(1).text());
    assertEquals(List.of("accuracy 97.5 %", "..."), examples.get(1).output());
    assertEquals(null, missing(examples.get(1).output(), "loss\n  accuracy 98 %\n"));
    assertEquals("accuracy 97.5 %", missing(examples.get(1).output(), "accuracy is 98 %"));
    assertEquals(null, missing(List.of("a 1 ...", "b"), "a 2.5e-7, c\nb"));
    assertEquals("b", missing(List.of("a 1 ...", "b"), "a 1 c\nbb\na b"));
    assertEquals(List.of("b.md#c"), page.links());
    assertEquals(List.of("a-title-and-more"), page.anchors());
    for (String wrong :
        List.of(
            "```\n./fathom\n```\n",
            "```console\n./fathom info\n```\n",
            "```text\n./fathom info\n```\n",
            "    ./fathom info\n")) {
      assertThrows(
          IllegalArgumentException.class, () -> new Document("page.md", wrong).examples(), wrong);
    }
    assertFalse(leads(README, "docs/none.md"));
    assertFalse(leads(README, README + "#none"));
  }
}
