package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Lays out the passes of a network for batches of one size: layers enter one after the other, and
 * find here what the one before left and where to put their own. In training each output that
 * backward needs has memory of its own; in inference the rows of a few buffers are used over and
 * over, and what may be done in place is.
 */
final class Plan {
  private final Engine engine;
  private final Workspace memory;
  private final int batch;
  private final boolean training;
  private final int frozen;
  private final List<Group> groups = new ArrayList<>();
  private final List<Matrix> outputs = new ArrayList<>();
  private final List<Integer> groupOf = new ArrayList<>();
  private final Set<Matrix> overwritten = Collections.newSetFromMap(new IdentityHashMap<>());
  private final IdentityHashMap<Matrix, Matrix> slopes = new IdentityHashMap<>();
  private final Set<Matrix> shared = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Deque<Residual.ForkPass> forks = new ArrayDeque<>();
  private final Segments segments;
  private final int features;
  private final Matrix input;
  private int lowest = -1;
  private boolean spare;

  /** What the last group's product reads whole while others are at the rows behind it; or null. */
  private Matrix read;

  private double flops;

  /**
   * Lays out a pass.
   *
   * @param frozen how many of the first layers do not learn
   */
  Plan(
      Engine engine,
      List<Layer> layers,
      Workspace memory,
      int batch,
      boolean training,
      int frozen) {
    this.engine = engine;
    this.memory = memory;
    this.batch = batch;
    this.training = training;
    this.frozen = frozen;
    segments = memory.segments();
    features = layers.get(0).in;
    memory.restart();
    input = training ? null : memory.rows(batch, features);
    int run = -1;
    Group behindRun = null;
    Slab.Layout parameters = new Slab.Layout();
    Slab.Layout statistics = new Slab.Layout();
    for (Layer layer : layers) {
      int before = groups.size();
      long start = parameters.size();
      if (outputs.size() == frozen && !groups.isEmpty()) {
        last().freeze();
      }
      if (segments.startsRun(outputs.size())) {
        run = before;
        memory.restartShared();
      }
      layer.enter(this);
      if (segments.endsRun(outputs.size())) {
        behindRun = groups.get(before);
        behindRun.again = run;
      }
      layer.addTo(parameters, statistics);
      for (Group begun : groups.subList(before, groups.size())) {
        begun.layer = outputs.size();
      }
      if (groups.size() > before) {
        last().parametersFrom = start;
      }
      if (!groups.isEmpty()) {
        last().parametersTo = parameters.size();
      }
      if (outputs.size() < frozen && !groups.isEmpty()) {
        last().parametersFrom = parameters.size();
      }
      if (training && lowest < 0 && outputs.size() >= frozen) {
        lowest = groups.size() - 1;
      }
      outputs.add(groups.isEmpty() ? null : last().a());
      groupOf.add(Math.max(0, groups.size() - 1));
    }
    if (behindRun != null) {
      // No other run has written over the last one.
      behindRun.again = -1;
    }
    // Layers that do nothing in inference, such as dropout, may be all there are.
    Matrix unused = output();
    if (training) {
      placeGradients();
    }
  }

  Engine engine() {
    return engine;
  }

  List<Group> groups() {
    return groups;
  }

  /** Returns where an inference has its inputs, B x inputs; null in training. */
  Matrix input() {
    return input;
  }

  /** Returns the output of each layer. */
  List<Matrix> outputs() {
    return outputs;
  }

  /** Returns the group that holds a layer's output. */
  int groupOf(int layer) {
    return groupOf.get(layer);
  }

  /** Returns whether an output stays what it is until the next pass. */
  boolean isKept(Matrix output) {
    return !overwritten.contains(output) && !shared.contains(output);
  }

  /** Returns whether other layers write over an output, which is computed again on the way back. */
  boolean isShared(Matrix output) {
    return shared.contains(output);
  }

  /** Returns the size of the memory of all passes. */
  long bytes() {
    return memory.bytes();
  }

  /** Returns the derivatives at the sums that became an output, or null if they are not kept. */
  Matrix slope(Matrix output) {
    return slopes.get(output);
  }

  /** Returns the first group that a gradient has to reach. */
  int lowest() {
    return Math.max(0, lowest);
  }

  /** Returns the operations of the products of a pass, forward and back. */
  double flops() {
    return flops;
  }

  /** Returns how often members meet in a forward pass. */
  int barriers() {
    return groups.stream().mapToInt(g -> g.head.barriers()).sum();
  }

  /** Returns whether the layer that enters trains, so that it keeps what backward needs. */
  boolean learns() {
    return training && outputs.size() >= frozen;
  }

  Dropout.Draws draws() {
    return memory.draws();
  }

  private Group last() {
    return groups.get(groups.size() - 1);
  }

  /** Returns what the layer below left, feature-major. */
  Matrix output() {
    if (groups.isEmpty()) {
      Matrix x = allocate(features);
      begin(new Head.Input(x), x);
      spare = true;
    }
    return last().a();
  }

  /**
   * Returns where the output of what goes row by row may be written over its input: the input
   * itself if nobody needs it.
   */
  Matrix overwritable() {
    Matrix x = output();
    if (training ? spare : !isForked(x)) {
      overwritten.add(x);
      return x;
    }
    return allocate(x.rows());
  }

  private boolean isForked(Matrix x) {
    return forks.stream().anyMatch(f -> f.a == x);
  }

  /**
   * Returns memory for an output of as many columns as the one below has: rows x B, or T B. Nobody
   * else reads it: neither what a fork has kept lies there, nor what the product of the same group
   * reads, of which other members, and other blocks of rows, need all when the first rows are done.
   */
  Matrix allocate(int rows) {
    if (segments.isShared(outputs.size())) {
      Matrix m = memory.shared(rows, batch);
      shared.add(m);
      return m;
    }
    return allocate(rows, groups.isEmpty() ? batch : last().a().cols());
  }

  private Matrix allocate(int rows, int cols) {
    if (training) {
      return sequence(rows, cols / batch);
    }
    List<Matrix> used = new ArrayList<>();
    if (!groups.isEmpty()) {
      used.add(last().a());
    }
    if (read != null) {
      used.add(read);
    }
    forks.forEach(f -> used.add(f.a));
    return memory.reusable(rows, cols, used);
  }

  /** Returns memory for a number of each unit. */
  Matrix column(int rows) {
    return memory.matrix(rows, 1);
  }

  /** Returns memory for a number of each column of the output below. */
  Matrix row() {
    return sequence(1, output().cols() / batch);
  }

  /** Returns memory of its own for all steps of a sequence, rows x T B. */
  Matrix sequence(int rows, int steps) {
    Matrix m = memory.matrix(rows * steps, batch);
    if (steps == 1) {
      return m;
    }
    return new Matrix(m.segment(), 0, rows, steps * batch, steps * batch);
  }

  /** Starts a group with a recurrent layer. */
  void recur(Recurrent layer) {
    boolean first = groups.isEmpty();
    Matrix x = first ? sequence(layer.features, layer.steps) : output();
    Cell cell = layer.cell(this);
    // Members meet between the product of the inputs and the rows.
    read = null;
    Matrix a = layer.returnsSequence() ? cell.h : allocate(layer.units, batch);
    boolean bottom = !training || lowest < 0;
    RecurrentPass pass = new RecurrentPass(engine, layer, cell, x, a, first, bottom);
    groups.add(new Group(pass, a));
    flops += pass.flops();
    // The last state is a copy, which nobody needs.
    spare = !layer.returnsSequence();
  }

  int batch() {
    return batch;
  }

  /** Starts a group with a head that has read what lies below before the first rows are made. */
  void begin(Head head, Matrix start) {
    groups.add(new Group(head, start));
    read = null;
    spare = false;
  }

  /** Starts a group with a layer's product, and returns its sums. */
  Matrix product(Dense layer) {
    boolean first = groups.isEmpty();
    // Nobody is at the group below any more, nor reads what that began from.
    read = first ? null : last().a();
    Matrix z = allocate(layer.out);
    boolean lowestYet = training && lowest < 0;
    boolean bottom = !training || lowestYet;
    DensePass pass =
        new DensePass(engine, layer, outputs.size(), z, first, learns(), bottom, memory);
    groups.add(new Group(pass, z));
    flops += pass.flops();
    // Nothing but the sums themselves is known of them: whoever follows may write over them.
    spare = true;
    return z;
  }

  /** Adds bias and activation. */
  void activate(Biased layer, Matrix z, Matrix bias) {
    boolean both = learns() && ActivationPass.keepsBoth(layer.activation);
    Matrix a = both ? allocate(layer.out) : z;
    add(new ActivationPass(engine.kernels().activation(), learns(), z, a, bias, layer));
    if (both && !layer.activation.isLearnt() && !isShared(a)) {
      slopes.put(a, z);
    }
    spare = layer.activation == Activation.IDENTITY;
  }

  void add(RowPass pass) {
    last().add(pass);
    spare = false;
  }

  /** Keeps the output for the end of the block. */
  void fork() {
    Residual.ForkPass pass = new Residual.ForkPass(engine.kernels(), output());
    last().add(pass);
    forks.push(pass);
    spare = false;
  }

  /** Adds the branch to what the fork kept. */
  void join(float scale) {
    Residual.ForkPass fork = forks.pop();
    Matrix branch = output();
    Matrix y = training ? allocate(branch.rows()) : overwritable();
    Matrix gradient = training ? memory.skip(forks.size(), branch.rows(), branch.cols()) : null;
    add(new Residual.JoinPass(engine.kernels(), fork, branch, y, gradient, scale));
  }

  /**
   * Three buffers take turns: while a group's weights learn from its gradient, the one below is
   * whole already and the one below that is being made.
   */
  private void placeGradients() {
    int turn = 0;
    for (int i = 0; i < groups.size(); i++) {
      Group group = groups.get(i);
      turn += group.head.isInPlace() ? 0 : 1;
      group.d = memory.gradient(turn % 3, group.a().rows(), group.a().cols());
      group.head.place(group, i == 0 ? null : groups.get(i - 1));
    }
  }
}
