package fathom.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A page in Markdown, and what of it can be checked.
 *
 * @param name the page's path below the root of the repository
 * @param text all of it
 */
record Document(String name, String text) {
  private static final Pattern BLOCK =
      Pattern.compile("(?:<!-- ([^\n]*) -->\n)?```(\\w*)\n(.*?)\n```(?:\n|$)", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern INLINE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern TEST = Pattern.compile("\\b(\\w+Test)\\b(?:#(\\w+))?");
  private static final Pattern INDENTED = Pattern.compile("(?m)^ {4,}.*\\./fathom");
  private static final String PROMPT = "$ ";
  private static final String COMMAND = "./fathom";

  /** What is done with an example. */
  enum Kind {
    /** Java that is compiled and run. */
    RUN,

    /** Java that is compiled. */
    COMPILE,

    /** A command of Fathom's that is run. */
    COMMAND,

    /** A command of Fathom's whose options are read, and which is not run. */
    PARSE
  }

  /**
   * An example of a page.
   *
   * @param line where it begins, from 1
   * @param text the Java source, or what follows {@code ./fathom}
   * @param output the lines that the page shows below a command
   */
  record Example(int line, Kind kind, String text, List<String> output) {
    /** Returns the words of a command. */
    String[] words() {
      return text.isEmpty() ? new String[0] : text.split(" +", -1);
    }
  }

  static Document read(Path root, String name) {
    try {
      return new Document(name, Files.readString(root.resolve(name), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns all examples in their order.
   *
   * @throws IllegalArgumentException if a block is of no known kind, so that no example is passed
   *     over in silence
   */
  List<Example> examples() {
    List<Example> examples = new ArrayList<>();
    int end = 0;
    for (MatchResult block : BLOCK.matcher(text).results().toList()) {
      addInline(examples, text.substring(end, block.start()), line(end));
      addBlock(examples, block);
      end = block.end();
    }
    addInline(examples, text.substring(end), line(end));
    return examples;
  }

  private void addBlock(List<Example> examples, MatchResult block) {
    int line = line(block.start(2));
    String note = block.group(1) == null ? "" : block.group(1);
    String body = block.group(3);
    switch (block.group(2)) {
      case "java" -> {
        Kind kind = note.equals("compile only") ? Kind.COMPILE : Kind.RUN;
        examples.add(new Example(line, kind, body, List.of()));
      }
      case "console" -> addCommands(examples, body, line, note.startsWith("not run: "));
      case "xml", "groovy", "text", "python" -> {
        if (body.contains(COMMAND)) {
          throw new IllegalArgumentException(
              name + ":" + line + ": a command belongs into a block of the kind console");
        }
      }
      default ->
          throw new IllegalArgumentException(
              String.format(
                  "%s:%d: a block of the unknown kind '%s'; a command's is console",
                  name, line, block.group(2)));
    }
  }

  private void addCommands(List<Example> examples, String body, int first, boolean parseOnly) {
    List<String> lines = Arrays.asList(body.split("\n", -1));
    for (int i = 0; i < lines.size(); i++) {
      String command = lines.get(i);
      int line = first + 1 + i;
      if (!command.startsWith(PROMPT)) {
        throw new IllegalArgumentException(
            name
                + ":"
                + line
                + ": output without a command; a command begins with '"
                + PROMPT
                + "'");
      }
      while (command.endsWith("\\")) {
        command = command.substring(0, command.length() - 1) + lines.get(++i).strip();
      }
      List<String> output = new ArrayList<>();
      while (i + 1 < lines.size() && !lines.get(i + 1).startsWith(PROMPT)) {
        output.add(lines.get(++i));
      }
      int start = command.indexOf(COMMAND);
      if (start >= 0) {
        Kind kind = parseOnly ? Kind.PARSE : Kind.COMMAND;
        String words = command.substring(start + COMMAND.length()).replaceFirst(" +#.*", "");
        examples.add(new Example(line, kind, words.strip(), output));
      }
    }
  }

  private void addInline(List<Example> examples, String prose, int firstLine) {
    if (INDENTED.matcher(prose).find()) {
      throw new IllegalArgumentException(
          name + ": an indented command is not run; put it into a block of the kind console");
    }
    INLINE
        .matcher(prose)
        .results()
        .filter(m -> m.group(1).startsWith(COMMAND + " "))
        .forEach(
            m -> {
              int line = firstLine + (int) prose.substring(0, m.start()).lines().count();
              String words = m.group(1).substring(COMMAND.length()).strip();
              examples.add(new Example(line, Kind.PARSE, words, List.of()));
            });
  }

  private int line(int offset) {
    return 1 + (int) text.substring(0, offset).chars().filter(c -> c == '\n').count();
  }

  /** Returns where links and pictures lead, but for addresses on the web. */
  List<String> links() {
    return LINK.matcher(prose())
        .results()
        .map(m -> m.group(1))
        .filter(target -> !target.startsWith("https://"))
        .toList();
  }

  /** Returns the anchors of all headings, as GitHub makes them. */
  List<String> anchors() {
    return prose()
        .lines()
        .filter(line -> line.matches("#+ .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(title -> title.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
        .toList();
  }

  /** Returns the tests that the page names, each with its method or null. */
  List<String[]> tests() {
    return TEST.matcher(text).results().map(m -> new String[] {m.group(1), m.group(2)}).toList();
  }

  private String prose() {
    return BLOCK.matcher(text).replaceAll("\n");
  }
}
