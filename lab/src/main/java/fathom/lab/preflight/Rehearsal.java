package fathom.lab.preflight;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.OptimizerState;
import fathom.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A training in brief: at most {@value #PASSES} passes over one batch, forward and back, which try
 * steps of growing length. All is taken back.
 *
 * <p>Training by small steps follows the gradient flow {@code dw/dt = -dL/dw}, whose time is steps
 * times rate; there, k steps in one come to the same as k steps, and are tried as long as they do.
 * The first step is as long as the training's. If the loss falls by at least {@value #FALL} of what
 * the gradient promises (Armijo 1966), the next is twice as long; if not, it is taken back and a
 * quarter of it is tried. A step no longer than the training's first is never taken back, whatever
 * the loss does: the training would take it too. So a network whose gradients are small or whose
 * rate is low goes through hundreds of steps in a dozen, and one at the edge of what is stable, or
 * beyond, shows in as many steps of its own what they do to it.
 *
 * <p>With momentum m, steps are those of plain descent at {@code 1 / (1 - m)} times the rate, which
 * they come to in the long run; none is shorter than the training's first.
 *
 * <p>Steps of Adam and its like do not shrink with the gradient: one in place of k is another
 * method, and a batch is soon learnt by heart. For them {@link Preflight} rehearses the training
 * itself, over a batch of its own for each pass: {@value #SINGLE} steps as they are, then at most
 * {@value #STRETCH} in one.
 *
 * @param passes that were done
 * @param rows in a batch
 * @param covered the training's steps that the rehearsal went through
 * @param longest of its steps, in the training's
 * @param loss of the batch, before
 * @param most the largest loss on the way; infinite if one was not finite
 * @param end the mean loss over the last quarter of the way
 * @param constant the batch's loss for the best answer that is the same for all samples; a small
 *     batch's is below that of all rows, since classes are not as even in it
 */
public record Rehearsal(
    int passes,
    int rows,
    double covered,
    double longest,
    double loss,
    double most,
    double end,
    double constant) {
  static final int PASSES = 40;
  static final double FALL = 0.25;
  private static final int LAST = 4;

  /** Passes of a rehearsal that is the training itself. */
  private static final int LONG = 3 * PASSES;

  private static final int SINGLE = 40;
  private static final double STRETCH = 2;
  private static final int LAST_OF_LONG = 8;
  private static final double LONGER = 2;

  /**
   * Rehearses on one batch, as plain descent allows it. Parameters and running statistics are as
   * before when the call returns; gradients are overwritten.
   *
   * @param steps that the training is to have
   * @throws IllegalArgumentException if the batch does not fit the network or the loss
   */
  static Rehearsal of(
      Network network, Batch batch, Loss loss, Optimizer optimizer, Clipping clipping, long steps) {
    try (Tryout tryout = new Tryout(network, loss)) {
      return new Run(tryout, network, batch, optimizer, clipping).through(steps);
    }
  }

  /**
   * Rehearses a method whose steps cannot be put together. Parameters and running statistics are as
   * before when the call returns; gradients are overwritten.
   *
   * @param rows that batches are drawn from
   * @param batch samples of each
   * @param steps that the training is to have
   * @throws IllegalArgumentException if the rows do not fit the network or the loss
   */
  static Rehearsal over(
      Network network,
      Rows rows,
      int batch,
      Loss loss,
      Optimizer optimizer,
      Clipping clipping,
      long steps) {
    List<Double> losses = new ArrayList<>();
    double constant = 0;
    double covered = 0;
    double longest = 0;
    try (Tryout tryout = new Tryout(network, loss)) {
      OptimizerState state = tryout.state(optimizer, clipping);
      double stretched = Math.clamp((steps - SINGLE) / (double) (LONG - SINGLE), 1, STRETCH);
      boolean goesOn = true;
      for (int epoch = 0; goesOn; epoch++) {
        try (Batches.Iteration batches = rows.batches(batch, 0, epoch).iterator()) {
          while (goesOn && batches.hasNext()) {
            Batch next = batches.next();
            double found = tryout.gradients(next);
            losses.add(found);
            constant += tryout.constant(next);
            goesOn = losses.size() < LONG && covered < steps && Double.isFinite(found);
            if (goesOn) {
              double k = losses.size() <= SINGLE ? 1 : stretched;
              state.rate((float) (optimizer.rate() * k));
              tryout.step(state);
              covered += k;
              longest = Math.max(longest, k);
            }
          }
        }
      }
    }
    int passes = losses.size();
    return of(losses, LAST_OF_LONG, passes, batch, covered, longest, constant / passes);
  }

  private static Rehearsal of(
      List<Double> losses,
      int part,
      int passes,
      int rows,
      double covered,
      double longest,
      double constant) {
    int n = losses.size();
    boolean sound = losses.stream().allMatch(Double::isFinite);
    return new Rehearsal(
        passes,
        rows,
        covered,
        longest,
        losses.get(0),
        sound ? Collections.max(losses) : Double.POSITIVE_INFINITY,
        mean(losses.subList(n - Math.max(1, n / part), n)),
        constant);
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /** The way so far, and the point on it to which a step may be taken back. */
  private static final class Run {
    private final Tryout tryout;
    private final Batch batch;
    private final OptimizerState state;
    private final double least;
    private final float rate;
    private final List<MemorySegment> changing = new ArrayList<>();
    private final List<MemorySegment> kept = new ArrayList<>();
    private final List<Double> losses = new ArrayList<>();
    private long taken;

    Run(Tryout tryout, Network network, Batch batch, Optimizer optimizer, Clipping clipping) {
      this.tryout = tryout;
      this.batch = batch;
      double speed = FirstStep.speed(optimizer);
      rate = (float) (optimizer.rate() * speed);
      least = 1 / Math.max(1, speed);
      state = tryout.state(plain(optimizer), clipping);
      changing.add(network.parameters().segment());
      changing.add(network.gradients().segment());
      state.moments().values().forEach(slab -> changing.add(slab.segment()));
      changing.forEach(segment -> kept.add(tryout.copy(segment)));
    }

    private static Optimizer plain(Optimizer optimizer) {
      return optimizer instanceof Sgd s
          ? new Sgd(s.rate(), 0, 0, s.weightDecay(), false)
          : optimizer;
    }

    Rehearsal through(long steps) {
      double loss = tryout.gradients(batch);
      losses.add(loss);
      double covered = 0;
      double longest = 0;
      double k = least;
      int passes = 1;
      while (passes < PASSES && covered < steps && Double.isFinite(loss)) {
        keep();
        k = Math.min(k, Math.max(least, steps - covered));
        double promised = step(k);
        double next = tryout.gradients(batch);
        passes++;
        boolean falls = next <= loss - FALL * Math.max(0, promised);
        if (falls || k <= least) {
          covered += k;
          longest = Math.max(longest, k);
          loss = next;
          losses.add(loss);
          k = falls ? LONGER * k : Math.max(least, k / LONGER);
        } else {
          takeBack();
          k = Math.max(least, k / (LONGER * LONGER));
        }
      }
      double constant = tryout.constant(batch);
      return Rehearsal.of(losses, LAST, passes, batch.size(), covered, longest, constant);
    }

    /** Takes k steps in one; returns by how much the loss would fall if its gradient stayed. */
    private double step(double k) {
      state.rate((float) (rate * k));
      MemorySegment before = kept.get(0);
      tryout.step(state);
      return tryout.alongTheGradient(before);
    }

    private void keep() {
      taken = state.steps();
      for (int i = 0; i < kept.size(); i++) {
        kept.get(i).copyFrom(changing.get(i));
      }
    }

    private void takeBack() {
      state.resume(taken);
      for (int i = 0; i < kept.size(); i++) {
        changing.get(i).copyFrom(kept.get(i));
      }
    }
  }

  /** Returns what share of the constant answer's loss it did away with; below 0 if none. */
  public double learnt() {
    double share = 1 - end / constant;
    return Double.isNaN(share) ? Double.NEGATIVE_INFINITY : share;
  }

  /**
   * Returns what share of the constant answer's loss a training does away with if it goes on at the
   * rehearsal's pace.
   *
   * @param steps of the training
   */
  public double learnt(long steps) {
    return learnt() * Math.max(1, steps / Math.max(1, covered));
  }
}
