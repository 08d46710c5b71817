package fathom.nn;

import fathom.engine.Member;
import fathom.matrix.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's way forward and back for batches of one size, on memory of its {@link Workspace}. All
 * members of an engine call each method together. Nothing is allocated.
 */
public final class Pass {
  /** Blocks of rows start at multiples of this, whatever cuts them. */
  static final int BLOCK = 16;

  private static final double WORTH_SHARING = 1e6;
  private static final double WORTH_A_BARRIER = 2e5;

  private final Group[] groups;
  private final Group[] again;
  private final List<Matrix> outputs;
  private final List<Matrix> slopes;
  private final Matrix input;
  private final Plan plan;
  private final Workspace memory;
  private final int lowest;
  private final double flops;
  private final boolean worthSharing;
  private Watcher watcher;

  /** Who looks at gradients on their way back. */
  @FunctionalInterface
  public interface Watcher {
    /**
     * Takes the loss's gradient by a layer's weighted sums.
     *
     * @param layer which, from 0
     * @param d out x B, worthless when the call returns
     */
    void gradient(int layer, Matrix d);
  }

  /** Binds a plan to memory. */
  Pass(Plan plan, Workspace memory, Binding bound) {
    this.plan = plan;
    this.memory = memory;
    List<GroupPlan> plans = plan.groups();
    groups = new Group[plans.size()];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = Group.of(plans.get(i), i == 0 ? null : plans.get(i - 1), bound);
    }
    again = new Group[groups.length];
    for (int i = 0; i < groups.length; i++) {
      for (int j = groups[i].again(); j >= 0 && j < i; j++) {
        again[j] = groups[j].computingAgain();
      }
    }
    outputs = new ArrayList<>();
    slopes = new ArrayList<>();
    for (Buffer output : plan.outputs()) {
      outputs.add(bound.matrix(output));
      slopes.add(output == null ? null : bound.matrix(plan.slope(output)));
    }
    input = plan.isTraining() ? null : bound.matrix(plan.input());
    lowest = plan.lowest();
    flops = plan.flops();
    worthSharing = flops > WORTH_SHARING && flops / plan.barriers() > WORTH_A_BARRIER;
  }

  /** Returns the operations and the memory of this pass. */
  public Plan plan() {
    return plan;
  }

  /** Returns the number of samples B. */
  public int batch() {
    return plan.batch();
  }

  /**
   * Returns the operations of a step's products, forward and back: those for gradients that frozen
   * layers do without are not among them.
   */
  public double flops() {
    return flops;
  }

  /** Returns whether a pass is work enough for more than one thread. */
  public boolean worthSharing() {
    return worthSharing;
  }

  /** Sets which step's random draws dropout and noise take in training, from 0. */
  public void step(long step) {
    memory.draws().step(step);
  }

  /** Returns the number of layers. */
  public int layers() {
    return outputs.size();
  }

  /**
   * Returns a layer's output after {@link #forward}, feature-major: out x B, and out x T B, step by
   * step, below a recurrent layer.
   */
  public Matrix output(int layer) {
    return outputs.get(layer);
  }

  /**
   * Returns whether a layer's output is still there after {@link #forward}: what normalizes or
   * activates the sums of the layer below may write over them.
   */
  public boolean isKept(int layer) {
    Buffer output = plan.outputs().get(layer);
    return output != null && !plan.isOverwritten(output) && !isShared(layer);
  }

  /**
   * Returns whether other layers write over a layer's output, because the network computes it again
   * on the way back (see {@link Network#recompute}). {@link #restore} brings it back.
   */
  public boolean isShared(int layer) {
    Buffer output = plan.outputs().get(layer);
    return output != null && output.region() == Buffer.Region.SHARED;
  }

  /**
   * Returns the bytes of outputs, their gradients and all else that the network's passes of this
   * kind keep, for the largest batch up to now.
   */
  public long bytes() {
    return memory.bytes();
  }

  /**
   * Returns the derivatives f' that a layer's activation left beside its output, out x B, or null
   * where they follow from the output, or where the layer is frozen.
   */
  public Matrix slope(int layer) {
    return slopes.get(layer);
  }

  /**
   * Returns the Jacobian of all that lies below the last product, at what {@link #forward} found.
   *
   * @throws IllegalArgumentException if nothing lies below it, or it is part of a residual block
   * @throws IllegalStateException if the network computes outputs again, and has not kept them
   */
  public Linearization linearization() {
    for (Group group : groups) {
      if (group.again() >= 0) {
        throw new IllegalStateException(
            "the Jacobian needs all outputs; let the network keep them by recompute(1)");
      }
    }
    return new Linearization(groups, lowest);
  }

  /**
   * Sets who sees, on the way back, the gradients by the weighted sums of each layer that has a
   * product; null for nobody. Whoever watches is called by one member while the others wait.
   */
  public void watch(Watcher newWatcher) {
    watcher = newWatcher;
  }

  /** Returns where an inference has its inputs, B x inputs; null in training. */
  Matrix input() {
    return input;
  }

  /** Returns the network's output after {@link #forward}, feature-major: out x B. */
  public Matrix output() {
    return groups[groups.length - 1].a();
  }

  /**
   * Returns where the loss's gradient by the output goes before {@link #backward}: out x B. Other
   * layers' gradients pass through the same memory.
   */
  public Matrix outputGradient() {
    return groups[groups.length - 1].d;
  }

  /**
   * Computes all layers' outputs.
   *
   * @param x the batch, B x inputs
   */
  public void forward(Member member, Matrix x) {
    Matrix input = x;
    for (Group group : groups) {
      group.head.forward(member, input, group);
      input = group.a();
      member.barrier();
    }
  }

  /**
   * Computes all layers' outputs as {@link #forward(Member, Matrix)} does, once a calibrator is
   * content with each dense layer that learns: the layers above see what it made of those below.
   *
   * @param x the batch, B x inputs
   */
  public void forward(Member member, Matrix x, Calibrator calibrator) {
    Matrix input = x;
    for (Group group : groups) {
      group.head.calibrate(member, input, group, calibrator);
      input = group.a();
      member.barrier();
    }
  }

  /**
   * Computes the gradients of all parameters that learn, overwriting them; they are whole for all
   * members when the method returns.
   *
   * @param x the batch that {@link #forward} saw
   * @param learner who changes parameters on the way, or null to leave them
   */
  public void backward(Member member, Matrix x, Learner learner) {
    groups[groups.length - 1].backwardRows(member);
    member.barrier();
    show(member, groups[groups.length - 1]);
    for (int i = groups.length - 1; i >= lowest; i--) {
      recompute(member, x, i);
      if (i > lowest) {
        groups[i].head.backward(member, groups[i], groups[i - 1]);
        member.barrier();
        show(member, groups[i - 1]);
      }
      groups[i].head.learn(member, i == 0 ? x : groups[i - 1].a(), groups[i], learner);
      if (member.index() == 0) {
        groups[i].finish(learner);
      }
    }
    member.barrier();
  }

  /**
   * Computes once more the groups below one that others have written over. What is still read of
   * the way back above lies in memory of its own, so that nobody waits before.
   */
  private void recompute(Member member, Matrix x, int i) {
    for (int j = groups[i].again(); j >= 0 && j < i; j++) {
      again[j].head.forward(member, j == 0 ? x : groups[j - 1].a(), again[j]);
      member.barrier();
    }
  }

  /**
   * Brings back the output of a layer that shares its memory, after {@link #forward} and before a
   * {@link #backward}; all members call it together. Others lose theirs by it.
   *
   * @param x the batch that {@link #forward} saw
   */
  public void restore(Member member, Matrix x, int layer) {
    int group = plan.groupOf(layer);
    for (int i = group; i < groups.length; i++) {
      if (groups[i].again() >= 0 && groups[i].again() <= group) {
        recompute(member, x, i);
        return;
      }
    }
  }

  private void show(Member member, Group group) {
    if (watcher != null) {
      if (member.index() == 0) {
        watcher.gradient(group.layer(), group.d);
      }
      member.barrier();
    }
  }
}
