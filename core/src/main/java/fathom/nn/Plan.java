package fathom.nn;

import fathom.engine.Engine;
import fathom.nn.Buffer.Region;
import fathom.nn.Stage.Phase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The passes of an architecture over batches of one size, operation by operation, and the memory
 * that they take. Nothing is allocated: a plan is reckoned from the architecture alone. Immutable.
 *
 * <p>An engine matters to it since products are cut by what its library's kernels like, and since
 * each of its threads has a block of gradients of its own.
 */
public final class Plan {
  private final Architecture architecture;
  private final Use use;
  private final int batch;
  private final int threads;
  private final Buffer input;
  private final List<Buffer> buffers;
  private final List<GroupPlan> groups;
  private final List<Buffer> outputs;
  private final List<Integer> groupOf;
  private final Map<Buffer, Buffer> slopes;
  private final Set<Buffer> overwritten;
  private final int lowest;
  private final List<Stage> stages;

  Plan(Planner planner) {
    architecture = planner.architecture();
    use = planner.use();
    batch = planner.batch();
    threads = planner.engine().threads();
    input = planner.input();
    groups = planner.groups();
    buffers = List.copyOf(planner.buffers());
    // Some layers have no output of their own, and so no buffer.
    outputs = planner.outputs();
    groupOf = planner.groupOf();
    slopes = Map.copyOf(planner.slopes());
    overwritten = Set.copyOf(planner.overwritten());
    lowest = planner.lowest();
    stages = List.copyOf(new Sequence().stages);
  }

  /** Plans training steps: forward, and back with gradients of all parameters. */
  public static Plan training(Engine engine, Architecture architecture, int batch) {
    return training(engine, architecture, batch, 1, 0);
  }

  /**
   * Plans training steps.
   *
   * @param every which dense layers keep their outputs: every k-th, see {@link Network#recompute}
   * @param frozen how many of the first layers do not learn, see {@link Network#freeze}
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Plan training(
      Engine engine, Architecture architecture, int batch, int every, int frozen) {
    architecture.requireFreezable(frozen);
    return of(engine, architecture, Use.training(architecture.placed(), frozen, every), batch);
  }

  /**
   * Plans inferences, which go forward only.
   *
   * @throws IllegalArgumentException if the batch is not positive
   */
  public static Plan inference(Engine engine, Architecture architecture, int batch) {
    return of(engine, architecture, Use.INFERENCE, batch);
  }

  private static Plan of(Engine engine, Architecture architecture, Use use, int batch) {
    return of(engine, architecture, use, requirePositive(batch), batch);
  }

  /**
   * Plans passes in memory for larger batches too.
   *
   * @param capacity the largest batch
   */
  static Plan of(Engine engine, Architecture architecture, Use use, int batch, int capacity) {
    return new Planner(engine, architecture, use, batch, capacity).plan();
  }

  /**
   * Returns the k of {@link Network#recompute(int)} that needs the least memory where all layers
   * are alike: the square root of the number of dense layers.
   */
  public static int squareRoot(Architecture architecture) {
    return Segments.squareRoot(architecture.placed());
  }

  static int requirePositive(int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("a batch needs at least one sample, not " + batch);
    }
    return batch;
  }

  /** Returns what is planned. */
  public Architecture architecture() {
    return architecture;
  }

  /** Returns the number of samples B. */
  public int batch() {
    return batch;
  }

  /** Returns whether the passes go back too. */
  public boolean isTraining() {
    return use.training();
  }

  /** Returns all operations in their order. */
  public List<Stage> stages() {
    return stages;
  }

  /** Returns all matrices but the parameters and their gradients. */
  public List<Buffer> buffers() {
    return buffers;
  }

  /** Returns the bytes of all matrices but the parameters and their gradients. */
  public long bytes() {
    Map<Buffer.Place, Long> taken = new HashMap<>();
    return buffers.stream().mapToLong(buffer -> bytes(buffer, taken)).sum();
  }

  /** Returns what a buffer takes in addition to those before it, and adds it to them. */
  long bytes(Buffer buffer, Map<Buffer.Place, Long> taken) {
    Long old = taken.get(buffer.place());
    if (old != null && old >= buffer.bytes()) {
      return 0;
    }
    taken.put(buffer.place(), buffer.bytes());
    return buffer.bytes() * (buffer.region() == Region.SCRATCH ? threads : 1);
  }

  /**
   * Returns the operations of the products of a step: neither those that frozen layers do without,
   * nor those that are done once more on the way back.
   */
  public double flops() {
    return stages.stream()
        .filter(stage -> stage.phase() != Phase.AGAIN)
        .mapToDouble(Stage::flops)
        .sum();
  }

  /** Returns whether other operations write over a layer's output in place. */
  boolean isOverwritten(Buffer output) {
    return overwritten.contains(output);
  }

  /** Returns the first group that a gradient has to reach. */
  int lowest() {
    return lowest;
  }

  /** Returns how often members meet in a forward pass. */
  int barriers() {
    return groups.stream().mapToInt(group -> group.head().barriers()).sum();
  }

  List<GroupPlan> groups() {
    return groups;
  }

  /** Returns where a batch lies. */
  Buffer input() {
    return input;
  }

  /** Returns each layer's output; null below the first operation. */
  List<Buffer> outputs() {
    return outputs;
  }

  /** Returns the group that holds a layer's output. */
  int groupOf(int layer) {
    return groupOf.get(layer);
  }

  /** Returns where the derivatives at the sums lie that became an output, or null. */
  Buffer slope(Buffer output) {
    return slopes.get(output);
  }

  /** Returns one line for each operation, from the first to the last, and sums. */
  @Override
  public String toString() {
    return new PlanTable(this).toString();
  }

  /** Writes down what {@link Pass} does. */
  private final class Sequence {
    final List<Stage> stages = new ArrayList<>();

    Sequence() {
      if (!use.training()) {
        Work copy = Work.of("copy rows", List.of(), List.of(input));
        add(Phase.FORWARD, 0, 0, copy, List.of(), List.of());
      }
      for (int i = 0; i < groups.size(); i++) {
        forward(Phase.FORWARD, i);
      }
      if (use.training()) {
        backward();
      }
    }

    private void forward(Phase phase, int i) {
      GroupPlan group = groups.get(i);
      add(phase, i, group.layer(), group.head().forward(), List.of(), List.of());
      for (RowPlan row : group.rows()) {
        add(phase, i, row.layer(), row.forward(), List.of(), List.of());
      }
    }

    private void backward() {
      int top = groups.size() - 1;
      GroupPlan last = groups.get(top);
      Buffer a = last.output();
      Work loss = Work.of("loss", List.of(a), List.of(last.d()));
      add(Phase.LOSS, top, architecture.depth() - 1, loss, List.of(), List.of());
      rows(top);
      for (int i = top; i >= lowest; i--) {
        GroupPlan group = groups.get(i);
        List<Buffer> d = List.of(group.d());
        for (int j = group.again(); j >= 0 && j < i; j++) {
          forward(Phase.AGAIN, j);
        }
        if (i > lowest) {
          List<Buffer> below = List.of(groups.get(i - 1).d());
          add(Phase.BACKWARD, i, group.layer(), group.head().back(), d, below);
          rows(i - 1);
        }
        add(Phase.BACKWARD, i, group.layer(), group.head().learn(), d, List.of());
      }
    }

    private void rows(int i) {
      GroupPlan group = groups.get(i);
      List<Buffer> d = List.of(group.d());
      for (int r = group.rows().size() - 1; r >= group.frozenRows(); r--) {
        RowPlan row = group.rows().get(r);
        add(Phase.BACKWARD, i, row.layer(), row.back(), d, d);
      }
    }

    private void add(
        Phase phase, int group, int layer, Work work, List<Buffer> reads, List<Buffer> writes) {
      if (!work.isNone()) {
        stages.add(
            new Stage(
                phase,
                group,
                layer,
                work.operation(),
                join(reads, work.reads()),
                join(writes, work.writes()),
                work.parameters(),
                work.flops()));
      }
    }

    private List<Buffer> join(List<Buffer> first, List<Buffer> second) {
      List<Buffer> all = new ArrayList<>(first);
      all.addAll(second);
      return List.copyOf(all);
    }
  }
}
