package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The labels of a CSV text as they arrive, and the decision what they are. */
final class LabelColumn implements AutoCloseable {
  private static final int MOST_CLASSES = 1 << 16;
  private static final int MOST_GUESSED = 20;

  private final CsvTable table;
  private final int column;
  private final Map<String, Kind> kinds = new LinkedHashMap<>();
  private final Blocks numbers = new Blocks();
  private final Blocks ids = new Blocks();
  private final float[] number = new float[1];
  private final int[] id = new int[1];
  private int rows;
  private boolean tooMany;
  private String firstNumber;
  private String firstFraction;
  private String firstText;
  private long firstTextLine;
  private Task task;
  private String reason;
  private List<String> classNames;

  /** One of the different labels. */
  private record Kind(int id, long line) {}

  LabelColumn(CsvTable table, int column) {
    this.table = table;
    this.column = column;
  }

  /** Takes the label of the table's current row. */
  void accept() {
    String cell = table.text(column);
    boolean numeric = Decimal.isNumber(cell);
    number[0] = numeric ? Decimal.toFloat(cell) : Float.NaN;
    if (cell.isEmpty() || Decimal.isNonFinite(cell) || (numeric && !Float.isFinite(number[0]))) {
      throw table.wrong(table.line(), column, CsvTable.notFinite(cell));
    }
    if (!numeric && firstText == null) {
      firstText = cell;
      firstTextLine = table.line();
    }
    if (numeric && firstNumber == null) {
      firstNumber = cell;
    }
    if (numeric && firstFraction == null && !Decimal.isWhole(Double.parseDouble(cell))) {
      firstFraction = cell;
    }
    String name = numeric ? Decimal.canonical(cell) : cell;
    Kind kind = kinds.get(name);
    if (kind == null && kinds.size() < MOST_CLASSES) {
      kind = new Kind(kinds.size(), table.line());
      kinds.put(name, kind);
    }
    tooMany |= kind == null;
    id[0] = kind == null ? -1 : kind.id;
    ids.append(MemorySegment.ofArray(id), Integer.BYTES);
    numbers.append(MemorySegment.ofArray(number), Float.BYTES);
    rows++;
  }

  /**
   * Decides what the labels are.
   *
   * @param wanted the task, or null to guess it
   * @param known the names of the classes in order, or null to take those that occur
   * @throws DataException if the labels do not suit the task
   */
  void decide(Task wanted, List<String> known) {
    task = wanted;
    reason = "as asked";
    if (wanted == null) {
      guess(known);
    }
    if (task == Task.REGRESSION && firstText != null) {
      throw table.wrong(firstTextLine, column, CsvTable.notFinite(firstText));
    }
    if (task == Task.CLASSIFICATION) {
      if (tooMany) {
        throw table.wrong(
            firstLine(),
            column,
            "more than "
                + MOST_CLASSES
                + " different labels begin here; ask for regression, or name another label column");
      }
      classNames = known == null ? sortedNames() : known;
      if (known == null && kinds.size() < 2) {
        throw table.wrong(
            firstLine(),
            column,
            "all labels are "
                + Spelling.quote(classNames.get(0))
                + "; classification needs at least two classes");
      }
    }
  }

  Task task() {
    return task;
  }

  /** Returns why the task was chosen, as the end of a sentence. */
  String reason() {
    return reason;
  }

  /** Returns the names of the classes, by label; only for classification. */
  List<String> classNames() {
    return classNames;
  }

  /** Writes the class of each row as 32-bit integers. */
  void copyLabels(MemorySegment labels) {
    int[] classOf = classOfKind();
    long row = 0;
    for (MemorySegment part : ids.parts()) {
      long n = part.byteSize() / Integer.BYTES;
      for (long i = 0; i < n; i++, row++) {
        labels.setAtIndex(JAVA_INT, row, classOf[part.getAtIndex(JAVA_INT, i)]);
      }
    }
  }

  /** Writes the number of each row. */
  void copyTargets(MemorySegment targets) {
    long row = 0;
    for (MemorySegment part : numbers.parts()) {
      long n = part.byteSize() / Float.BYTES;
      for (long i = 0; i < n; i++, row++) {
        targets.setAtIndex(JAVA_FLOAT, row, part.getAtIndex(JAVA_FLOAT, i));
      }
    }
  }

  @Override
  public void close() {
    ids.close();
    numbers.close();
  }

  private void guess(List<String> known) {
    if (known != null) {
      task = Task.CLASSIFICATION;
      reason = "because its classes are given";
    } else if (firstText != null && firstNumber != null) {
      throw table.wrong(
          firstTextLine,
          column,
          String.format(
              Locale.ROOT,
              "%s is text among numbers such as %s; correct it, or ask for classification",
              Spelling.quote(firstText),
              Spelling.quote(firstNumber)));
    } else if (firstText != null) {
      task = Task.CLASSIFICATION;
      reason = "because it holds text";
    } else if (firstFraction != null) {
      task = Task.REGRESSION;
      reason = "because it holds fractions such as " + firstFraction;
    } else {
      boolean few = kinds.size() > 1 && kinds.size() <= MOST_GUESSED && 2L * kinds.size() <= rows;
      task = few ? Task.CLASSIFICATION : Task.REGRESSION;
      String count = tooMany ? "more than " + MOST_CLASSES : Integer.toString(kinds.size());
      reason = "because it holds " + count + " different whole numbers in " + rows + " rows";
    }
  }

  /** Returns the labels that occur, numbers by value, or else text by its characters. */
  private List<String> sortedNames() {
    List<String> names = new ArrayList<>(kinds.keySet());
    names.sort(
        firstText == null
            ? Comparator.comparingDouble(Double::parseDouble)
            : Comparator.naturalOrder());
    return names;
  }

  private long firstLine() {
    return kinds.values().iterator().next().line;
  }

  private int[] classOfKind() {
    Map<String, Integer> places = new HashMap<>();
    for (int c = 0; c < classNames.size(); c++) {
      String name = classNames.get(c);
      places.put(Decimal.isNumber(name) ? Decimal.canonical(name) : name, c);
    }
    int[] classOf = new int[kinds.size()];
    kinds.forEach(
        (name, kind) -> {
          Integer place = places.get(name);
          if (place == null) {
            throw table.wrong(kind.line, column, unknown(name));
          }
          classOf[kind.id] = place;
        });
    return classOf;
  }

  private String unknown(String name) {
    return String.format(
        Locale.ROOT,
        "%s is none of the %d classes; the nearest is %s",
        Spelling.quote(name),
        classNames.size(),
        Spelling.quote(Spelling.nearest(name, classNames)));
  }
}
