package fathom.train;

import fathom.data.Batch;
import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.kernel.UpdateKernels;
import fathom.matrix.Matrix;
import fathom.nn.Learner;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.optim.Constraint;
import fathom.optim.OptimizerState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One step as the engine's members run it. Parameters learn during the backward pass, unless
 * somebody has to see all gradients, or all parameters as they were, before any of them changes:
 * clipping by a norm, the search for anomalies, a monitor, a state that is kept, a caller who
 * asked.
 */
final class TrainingStep extends Task {
  private static final int CHUNK = 1024;

  private final Network network;
  private final Engine engine;
  private final Loss.Objective objective;
  private final OptimizerState state;
  private final Arena arena;
  private final Learner learner;
  private Constraint.Pass constraint;
  private Recovery recovery;
  private boolean anomalies;
  private boolean keepsGradients;
  private Matrix targets;

  // Of the step under way.
  private Sampler sampler;
  private Pass pass;
  private Matrix x;
  private MemorySegment labels;
  private MemorySegment partners;
  private float share;
  private Matrix t;
  private long first;
  private double loss;
  private boolean begun;
  private boolean kept;
  private volatile boolean sound;

  TrainingStep(Network network, Loss.Objective objective, OptimizerState state, Arena arena) {
    this.network = network;
    engine = network.engine();
    this.objective = objective;
    this.state = state;
    this.arena = arena;
    learner =
        new Learner() {
          @Override
          public void learn(long from, long to) {
            state.update(engine, from, to);
          }

          @Override
          public void learn(MemorySegment gradients, long first, long from, long to) {
            state.update(engine, gradients, first, from, to);
          }
        };
  }

  /** Sets what is done to weights after each step; null for nothing. */
  void constraint(Constraint.Pass newConstraint) {
    constraint = newConstraint;
  }

  /** Sets who keeps good states. */
  void recovery(Recovery newRecovery) {
    recovery = newRecovery;
  }

  void detectAnomalies(boolean on) {
    anomalies = on;
  }

  void keepGradients(boolean on) {
    keepsGradients = on;
  }

  /**
   * Sets the operands of the next run.
   *
   * @param newSampler who looks at it, or null
   */
  void prepare(Batch batch, Sampler newSampler) {
    sampler = newSampler;
    pass = network.pass(batch.size());
    pass.step(state.steps());
    first = network.firstLearnt();
    sound = true;
    begun = false;
    kept = false;
    x = batch.inputs();
    labels = batch.labels();
    partners = batch.partners();
    share = batch.ownShare();
    t = objective.loss().wantsLabels() ? null : transposed(batch.targets());
    if (sampler != null) {
      sampler.prepare(pass, constraint != null);
    }
  }

  /** Kernels want targets as they have outputs: one column a sample. */
  private Matrix transposed(Matrix rows) {
    long needed = (long) rows.rows() * rows.cols();
    if (targets == null || (long) targets.rows() * targets.cols() < needed) {
      targets = Matrix.allocate(arena, rows.cols(), rows.rows());
    }
    int samples = rows.rows();
    if (targets.cols() != samples) {
      targets = new Matrix(targets.segment(), 0, rows.cols(), samples, samples);
    }
    targets.transposeFrom(rows);
    return targets;
  }

  /** Returns the pass that the step runs on. */
  Pass pass() {
    return pass;
  }

  /** Returns the loss before the update. */
  double loss() {
    return loss;
  }

  /** Returns whether parameters have changed: all numbers were sound. */
  boolean isDone() {
    return begun;
  }

  /** Returns whether the state before the step was kept. */
  boolean isKept() {
    return kept;
  }

  @Override
  protected void share(Member member) {
    pass.forward(member, x);
    if (member.index() == 0) {
      loss = meanLoss();
      kept = recovery != null && recovery.wants(state.steps(), loss);
      begun = Double.isFinite(loss) && state.blocks() == 0 && !anomalies;
      if (begun) {
        state.begin();
      }
    }
    member.barrier();
    if (!Double.isFinite(loss)) {
      return;
    }
    if (begun && sampler == null && !kept && !keepsGradients) {
      pass.backward(member, x, learner);
    } else {
      pass.backward(member, x, null);
      if (!update(member)) {
        return;
      }
    }
    if (constraint != null) {
      member.barrier();
      long rows = constraint.rows();
      constraint.apply(engine, member.from(rows), member.to(rows), state.rate());
    }
    if (sampler != null) {
      if (constraint != null) {
        member.barrier();
        sampler.look(from(member), to(member));
      }
      sampler.outputs(member);
    }
  }

  /** Returns the first parameter that a member updates when all gradients are there. */
  private long from(Member member) {
    return cut(member.from(chunks()));
  }

  private long to(Member member) {
    return cut(member.to(chunks()));
  }

  private long chunks() {
    return (network.parameters().size() - first + CHUNK - 1) / CHUNK;
  }

  private long cut(long chunk) {
    long element = Math.min(network.parameters().size(), first + chunk * CHUNK);
    return sampler == null ? element : sampler.cut(element);
  }

  private double meanLoss() {
    Matrix y = pass.output();
    Matrix d = pass.outputGradient();
    return partners == null
        ? objective.mean(engine, y, labels, t, d)
        : objective.mixed(engine, y, labels, partners, share, d);
  }

  /** Updates when all gradients are there, and sound; returns whether they are. */
  private boolean update(Member member) {
    long from = from(member);
    long to = to(member);
    if (!(state.blocks() > 0 ? measure(member) : !anomalies || look(member, from, to))) {
      return false;
    }
    if (kept) {
      recovery.keep(member.index() == 0 ? 0 : from, to);
    }
    if (sampler == null) {
      state.update(engine, from, to);
    } else {
      sampler.update(member, engine, from, to);
    }
    return true;
  }

  /** Measures the gradients, and begins the step if they are sound. */
  private boolean measure(Member member) {
    int blocks = state.blocks();
    state.measure(engine, member.from(blocks), member.to(blocks));
    member.barrier();
    if (member.index() == 0 && Double.isFinite(state.sumUp())) {
      begun = true;
      state.begin();
    }
    member.barrier();
    return begun;
  }

  /** Looks for gradients that are not finite, and begins the step if there are none. */
  private boolean look(Member member, long from, long to) {
    UpdateKernels kernels = engine.kernels().update();
    if (!Double.isFinite(kernels.sumOfSquares(network.gradients().segment(), from, to))) {
      sound = false;
    }
    member.barrier();
    if (member.index() == 0 && sound) {
      begun = true;
      state.begin();
    }
    member.barrier();
    return begun;
  }
}
