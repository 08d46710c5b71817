package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Slab;
import fathom.nn.Buffer.Region;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A {@link Plan} in the making: layers enter one after the other, find here what the one before
 * left, and say what they do and where their own output goes. In training each output that the way
 * back needs has memory of its own; in inference a few buffers are used over and over, and what may
 * be done in place is.
 */
final class Planner {
  /** The buffer of gradients behind the three that take turns. */
  private static final int HALF = 3;

  /**
   * A residual block whose branch has not come back: what is added, and where its gradient goes.
   */
  record Fork(Buffer skip, Buffer gradient) {}

  private final Engine engine;
  private final Architecture architecture;
  private final List<Layer> layers;
  private final Use use;
  private final int batch;
  private final Buffers buffers;
  private final List<OpenGroup> groups = new ArrayList<>();
  private final List<Buffer> outputs = new ArrayList<>();
  private final List<Integer> groupOf = new ArrayList<>();
  private final Map<Buffer, Buffer> slopes = new HashMap<>();
  private final Set<Buffer> overwritten = new HashSet<>();
  private final Deque<Fork> forks = new ArrayDeque<>();
  private final Buffer input;
  private int lowest = -1;
  private boolean spare;

  /** What the last group's product reads whole while others are at the rows behind it; or null. */
  private Buffer read;

  /**
   * Starts without layers.
   *
   * @param capacity the largest batch that the memory is for
   */
  Planner(Engine engine, Architecture architecture, Use use, int batch, int capacity) {
    this.engine = engine;
    this.architecture = architecture;
    this.use = use;
    this.batch = batch;
    layers = architecture.placed();
    int widest = layers.stream().mapToInt(Planner::numbers).max().orElseThrow();
    buffers = new Buffers(batch, capacity, widest);
    int inputs = architecture.inputs();
    input = use.training() ? buffers.batch("x", inputs) : buffers.rows("x", inputs);
  }

  /** Returns the most numbers that a sample has below or above a layer, over all its steps. */
  private static int numbers(Layer layer) {
    return Math.max(layer.in(), layer.out()) * layer.times();
  }

  /** Lets all layers enter. */
  Plan plan() {
    Segments segments = use.segments();
    int run = -1;
    OpenGroup behindRun = null;
    for (Layer layer : layers) {
      int before = groups.size();
      if (segments.startsRun(layer.index())) {
        run = before;
        buffers.restartShared();
      }
      layer.enter(this);
      if (segments.endsRun(layer.index())) {
        behindRun = groups.get(before);
        behindRun.again = run;
      }
      if (use.training() && lowest < 0 && layer.index() >= use.frozen()) {
        lowest = groups.size() - 1;
      }
      if (!groups.isEmpty()) {
        last().end = layer.index() + 1;
      }
      outputs.add(groups.isEmpty() ? null : last().output);
      groupOf.add(Math.max(0, groups.size() - 1));
    }
    if (behindRun != null) {
      // No other run has written over the last one.
      behindRun.again = -1;
    }
    if (groups.isEmpty()) {
      Buffer unused = below();
    }
    return new Plan(this);
  }

  Engine engine() {
    return engine;
  }

  Architecture architecture() {
    return architecture;
  }

  Use use() {
    return use;
  }

  int batch() {
    return batch;
  }

  Buffer input() {
    return input;
  }

  List<Buffer> buffers() {
    return buffers.all();
  }

  List<Buffer> outputs() {
    return outputs;
  }

  List<Integer> groupOf() {
    return groupOf;
  }

  Map<Buffer, Buffer> slopes() {
    return slopes;
  }

  Set<Buffer> overwritten() {
    return overwritten;
  }

  /** Returns the first group that a gradient has to reach. */
  int lowest() {
    return Math.max(0, lowest);
  }

  /**
   * Returns all groups. Three buffers of gradients take turns: while a group's weights learn from
   * its gradient, the one below is whole already and the one below that is being made.
   */
  List<GroupPlan> groups() {
    long[] starts = Architecture.place(layers, new Slab.Layout(), new Slab.Layout());
    List<GroupPlan> plans = new ArrayList<>();
    int turn = 0;
    for (OpenGroup group : groups) {
      turn += group.head.inPlace() ? 0 : 1;
      Buffer a = group.output;
      Buffer d =
          use.training()
              ? buffers.wide("d" + group.layer, Region.GRADIENT, turn % HALF, a.rows(), a.cols())
              : null;
      plans.add(group.plan(d, use.frozen(), starts));
    }
    return plans;
  }

  /** Returns whether nothing has been done to the batch yet. */
  boolean isEmpty() {
    return groups.isEmpty();
  }

  /** Returns whether the layer that enters trains, so that it keeps what the way back needs. */
  boolean learns() {
    return use.training() && outputs.size() >= use.frozen();
  }

  /** Returns whether no gradient goes below the layer that enters. */
  boolean isLowest() {
    return !use.training() || lowest < 0;
  }

  private OpenGroup last() {
    return groups.get(groups.size() - 1);
  }

  /** Returns what the layer below left, feature-major. */
  Buffer below() {
    if (groups.isEmpty()) {
      Buffer x = output("a", architecture.inputs());
      begin(Head.transposed(input, x));
      spare = true;
    }
    return last().output;
  }

  /** Returns what a product reads: the batch as it came, samples in rows, if nothing is below. */
  Buffer product() {
    // Nobody is at the group below any more, nor reads what that began from.
    read = groups.isEmpty() ? null : last().output;
    return groups.isEmpty() ? input : last().output;
  }

  /**
   * Returns where the output of what goes row by row may be written over its input: the input
   * itself if nobody needs it.
   */
  Buffer overwritable(String name) {
    Buffer x = below();
    if (use.training() ? spare : forks.stream().noneMatch(fork -> fork.skip.equals(x))) {
      overwritten.add(x);
      return x;
    }
    return output(name, x.rows());
  }

  /**
   * Returns memory for an output of as many columns as the one below has: rows x B, or T B. Nobody
   * else reads it: neither what a fork has kept lies there, nor what the product of the same group
   * reads, of which other threads, and other blocks of rows, need all when the first rows are done.
   */
  Buffer output(String name, int rows) {
    return output(name, rows, groups.isEmpty() ? batch : last().output.cols());
  }

  /** As {@link #output(String, int)}, of other columns than the output below has. */
  Buffer output(String name, int rows, int cols) {
    String full = name + outputs.size();
    if (use.segments().isShared(outputs.size())) {
      return buffers.shared(full, rows, use.segments().widest());
    }
    if (use.training()) {
      return sequence(name, rows, cols / batch);
    }
    Set<Integer> used = new HashSet<>();
    if (!groups.isEmpty()) {
      used.add(reused(last().output));
    }
    if (read != null) {
      used.add(reused(read));
    }
    forks.forEach(fork -> used.add(reused(fork.skip)));
    int slot = 0;
    while (used.contains(slot)) {
      slot++;
    }
    return buffers.wide(full, Region.REUSED, slot, rows, cols);
  }

  /** Returns the slot of a buffer that is used over and over; -1 of another. */
  private static int reused(Buffer buffer) {
    return buffer.region() == Region.REUSED ? buffer.slot() : -1;
  }

  /** Returns memory for a number of each unit. */
  Buffer column(String name, int rows) {
    return sequence(name, rows, 0);
  }

  /** Returns memory for a number of each column of the output below. */
  Buffer row(String name) {
    return sequence(name, 1, below().cols() / batch);
  }

  /** Returns memory of its own for all steps of a sequence, rows x T B; of none, rows x 1. */
  Buffer sequence(String name, int rows, int steps) {
    return buffers.own(name + outputs.size(), rows, steps);
  }

  /** Returns memory for half of the gradient by a product's input. */
  Buffer upperHalf(int rows, int cols) {
    return buffers.wide("half" + outputs.size(), Region.GRADIENT, HALF, rows, cols);
  }

  /** Returns memory for a block of a gradient, for each thread. */
  Buffer scratch(int rows, int cols, int stride) {
    return buffers.scratch("block" + outputs.size(), rows, cols, stride);
  }

  /** Starts a group with a head that has read what lies below before the first rows are made. */
  void begin(HeadPlan head) {
    groups.add(new OpenGroup(Math.min(outputs.size(), layers.size() - 1), head));
    read = null;
    spare = false;
  }

  /** Starts a group with the product of what {@link #product} returned. */
  void beginProduct(HeadPlan head) {
    Buffer x = read;
    begin(head);
    read = x;
    // Nothing but the sums themselves is known of them.
    spare = true;
  }

  /**
   * Starts a group with a recurrent head.
   *
   * @param last whether its output is a copy of the last state, which nobody needs
   */
  void beginRecurrent(HeadPlan head, boolean last) {
    begin(head);
    spare = last;
  }

  /** Says that members will meet between what reads the output below and the group's own. */
  void meet() {
    read = null;
  }

  /** Adds what is done to rows one by one. */
  void row(RowPlan row) {
    last().add(row);
    spare = false;
  }

  /**
   * Says what an activation left.
   *
   * @param slope where the derivatives lie, or null if they follow from the output
   */
  void activated(Activation f, Buffer a, Buffer slope) {
    if (slope != null && a.region() != Region.SHARED) {
      slopes.put(a, slope);
    }
    spare = f.equals(Activation.IDENTITY);
  }

  /**
   * Keeps the output for the end of a block; returns where its gradient comes around the branch.
   */
  Buffer fork() {
    Buffer skip = below();
    Buffer gradient =
        use.training()
            ? buffers.wide(
                "skip" + outputs.size(), Region.SKIP, forks.size(), skip.rows(), skip.cols())
            : null;
    forks.push(new Fork(skip, gradient));
    return gradient;
  }

  /** Ends the innermost block, whose branch comes back. */
  Fork join() {
    return forks.pop();
  }
}
