package fathom.nn;

import fathom.nn.Stage.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A plan as text, one line for each operation; runs of alike operations are told once. */
final class PlanTable {
  /** The most lines that are looked at as one, to find runs of alike layers. */
  private static final int LONGEST_PERIOD = 24;

  /** Fewer repeats are written out. */
  private static final int FEWEST_REPEATS = 3;

  private static final List<String> TITLES =
      List.of("layer", "operation", "reads", "writes", "MFLOP", "bytes", "memory");

  /** A stage, what it has in common with those that are alike, and what it costs. */
  private record Line(Stage stage, String kind, List<String> cells, double flops, long bytes) {}

  /** A line and what follows it: how often it and those before it come again, if they do. */
  private record Row(Line line, String repeats) {}

  private final Plan plan;
  private final List<Layer> layers;
  private final List<Line> lines = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private int[] widths;

  PlanTable(Plan plan) {
    this.plan = plan;
    layers = plan.architecture().placed();
    Map<Buffer.Place, Long> taken = new HashMap<>();
    Map<Buffer, Long> bytes = new HashMap<>();
    plan.buffers().forEach(buffer -> bytes.put(buffer, plan.bytes(buffer, taken)));
    Set<Buffer> kept = kept();
    for (Stage stage : plan.stages()) {
      // What is written twice is told where it is written first.
      long sum = stage.writes().stream().mapToLong(b -> bytes.put(b, 0L)).sum();
      lines.add(line(stage, sum, kept));
    }
  }

  /** Returns what the way forward leaves that the way back reads. */
  private Set<Buffer> kept() {
    Set<Buffer> kept = new HashSet<>();
    Set<Buffer> forward = new HashSet<>();
    for (Stage stage : plan.stages()) {
      if (stage.phase() == Phase.FORWARD) {
        forward.addAll(stage.writes());
      } else {
        stage.reads().stream().filter(forward::contains).forEach(kept::add);
      }
    }
    return kept;
  }

  private Line line(Stage stage, long bytes, Set<Buffer> kept) {
    Layer layer = layers.get(stage.layer());
    boolean again = stage.phase() == Phase.AGAIN;
    String operation = (again ? "again: " : "") + stage.operation();
    String reads =
        stage.reads().stream().map(Buffer::toString).collect(Collectors.joining(", "))
            + stage.parameters().stream().map(name -> ", " + name).collect(Collectors.joining());
    String writes = stage.writes().stream().map(Buffer::toString).collect(Collectors.joining(", "));
    List<String> cells =
        List.of(
            stage.layer() + " " + layer.brief(),
            operation,
            reads,
            writes,
            stage.flops() == 0 ? "" : mega(stage.flops()),
            bytes == 0 ? "" : String.valueOf(bytes),
            memory(stage, kept));
    String kind =
        layer.brief()
            + operation
            + shapes(stage.reads())
            + shapes(stage.writes())
            + stage.parameters().size();
    return new Line(stage, kind, cells, stage.flops(), bytes);
  }

  private static String shapes(List<Buffer> buffers) {
    return buffers.stream()
        .map(b -> b.name().replaceAll("[0-9]", "") + b.rows() + "x" + b.cols())
        .collect(Collectors.joining(" "));
  }

  /** Tells where outputs lie: what is kept for the way back, shared, or written over. */
  private static String memory(Stage stage, Set<Buffer> kept) {
    List<String> words = new ArrayList<>();
    for (Buffer written : stage.writes()) {
      String word =
          switch (written.region()) {
            case BATCH -> "batch";
            case OWN -> kept.contains(written) ? "kept" : "own";
            case SHARED -> "shared " + written.slot();
            case REUSED -> "reused " + written.slot();
            case GRADIENT -> "gradient " + written.slot();
            case SKIP -> "skip " + written.slot();
            case SCRATCH -> "block for each thread";
          };
      boolean inPlace = stage.reads().stream().anyMatch(written::overlaps);
      String full = inPlace ? word + ", in place" : word;
      if (!words.contains(full)) {
        words.add(full);
      }
    }
    return String.join("; ", words);
  }

  private static String mega(double flops) {
    return String.format(Locale.ROOT, "%.3f", flops / 1e6);
  }

  @Override
  public String toString() {
    widths = new int[TITLES.size()];
    List<Row> rows = folded();
    rows.forEach(row -> widen(row.line.cells));
    widen(TITLES);
    head();
    print(TITLES);
    Phase before = null;
    for (Row row : rows) {
      Phase phase = row.line.stage.phase();
      phase = phase == Phase.AGAIN ? Phase.BACKWARD : phase;
      if (phase != before) {
        text.append(phase.name().toLowerCase(Locale.ROOT)).append('\n');
      }
      before = phase;
      print(row.line.cells);
      text.append(row.repeats);
    }
    return text.append(sums()).toString();
  }

  private void widen(List<String> cells) {
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Math.max(widths[i], cells.get(i).length());
    }
  }

  private void head() {
    text.append(plan.isTraining() ? "a training step" : "an inference")
        .append(" of ")
        .append(plan.batch())
        .append(plan.batch() == 1 ? " row\n" : " rows\n");
  }

  private void print(List<String> cells) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      boolean number = i == 4 || i == 5;
      String format = "%" + (number ? "" : "-") + widths[i] + "s";
      line.append("  ").append(String.format(Locale.ROOT, format, cells.get(i)));
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }

  /** Returns lines without those that repeat the ones before them. */
  private List<Row> folded() {
    List<Row> rows = new ArrayList<>();
    int at = 0;
    while (at < lines.size()) {
      int period = 1;
      while (period <= LONGEST_PERIOD && repeats(at, period) < FEWEST_REPEATS) {
        period++;
      }
      boolean alone = period > LONGEST_PERIOD;
      period = alone ? 1 : period;
      int end = alone ? at + 1 : at + period * repeats(at, period);
      int last = at + period - 1;
      lines.subList(at, last).forEach(line -> rows.add(new Row(line, "")));
      String more = alone ? "" : again(lines.subList(last + 1, end), period);
      rows.add(new Row(lines.get(last), more));
      at = end;
    }
    return rows;
  }

  /** Returns how often the lines from one on are there, one behind the other. */
  private int repeats(int at, int period) {
    int times = 1;
    for (int i = at + period; i + period <= lines.size(); i += period, times++) {
      for (int k = 0; k < period; k++) {
        if (!lines.get(i + k).kind.equals(lines.get(at + k).kind)) {
          return times;
        }
      }
    }
    return times;
  }

  private static String again(List<Line> lines, int period) {
    int[] indexes = lines.stream().mapToInt(line -> line.stage.layer()).toArray();
    return String.format(
        Locale.ROOT,
        "    ... %s %d times more, layers %d to %d: %s MFLOP, %d bytes%n",
        period == 1 ? "the same" : "these " + period + " operations",
        lines.size() / period,
        Arrays.stream(indexes).min().orElseThrow(),
        Arrays.stream(indexes).max().orElseThrow(),
        mega(lines.stream().mapToDouble(Line::flops).sum()),
        lines.stream().mapToLong(Line::bytes).sum());
  }

  private String sums() {
    double again =
        lines.stream()
            .filter(line -> line.stage.phase() == Phase.AGAIN)
            .mapToDouble(Line::flops)
            .sum();
    return String.format(
        Locale.ROOT,
        "%d operations, %s MFLOP%s, %d bytes beside parameters and gradients%n",
        lines.size(),
        mega(plan.flops() + again),
        again == 0 ? "" : " (" + mega(again) + " of them once more)",
        plan.bytes());
  }
}
