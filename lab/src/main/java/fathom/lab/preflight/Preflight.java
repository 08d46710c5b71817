package fathom.lab.preflight;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.lab.probe.Probe;
import fathom.lab.probe.Sounding;
import fathom.lab.stress.Judge;
import fathom.lab.stress.Verdict.Outcome;
import fathom.lab.theory.Forecast;
import fathom.lab.theory.InputMoments;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Says of a network, before it is trained, whether it can be: from passes forward and back on some
 * of the rows, trainings in brief that are taken back, and mean-field theory.
 *
 * <p>A network is expected to train if the training would do away with {@value Judge#LEARNT} of the
 * best constant answer's loss, going on at the pace of a {@link Rehearsal}: the median of {@value
 * #REHEARSALS}, each on {@value #REHEARSED} rows of its own, or one that is as long as these for
 * Adam and its like. That is the measure that {@link fathom.lab.stress.Trial} and {@link
 * PreflightStudy} hold against trainings, and the only threshold of the rule. Why a network does
 * not train is then told from where signals or gradients are lost.
 *
 * <p>CONTRIBUTING has what {@link PreflightStudy} counted. There, whether the rate times the
 * largest curvature is above 2, where plain descent on a parabola is unstable, told little: of the
 * networks of seed 1 below it two in three trained, and so did most of those between 2 and 60. What
 * no rehearsal of this length foresees are networks that learn for a hundred steps and then
 * collapse, such as those with layer norm and a high rate, and deep ones with batch norm that learn
 * a batch by heart and nothing of the next.
 *
 * <p>Immutable.
 */
public final class Preflight {
  /** The loss has blown up if it is this many times what it was. */
  private static final double JUMP = 1.5;

  /** Less than this of what tells inputs apart is left at the top. */
  private static final double ALIKE = 1e-3;

  private static final int SAMPLES = 256;
  private static final int REHEARSALS = 3;
  private static final int REHEARSED = 32;

  private final long steps;
  private final FirstStep step;
  private final List<Rehearsal> rehearsals;
  private final Sounding sounding;
  private final Forecast forecast;
  private final String unforetold;
  private final boolean bounded;
  private final Diagnostics diagnostics;
  private final Outcome outcome;

  private Preflight(
      Network network,
      Batch batch,
      List<Rehearsal> rehearsals,
      Loss loss,
      Optimizer optimizer,
      Clipping clipping,
      long steps) {
    this.steps = steps;
    this.rehearsals = rehearsals;
    step = FirstStep.of(network, batch, loss, optimizer, clipping);
    sounding = new Probe(network).withoutJacobian().sound(batch, loss);
    Forecast known = null;
    String why = null;
    try {
      known = Forecast.of(network, InputMoments.of(batch.inputs()), batch.size());
    } catch (IllegalArgumentException e) {
      why = e.getMessage();
    }
    forecast = known;
    unforetold = why;
    bounded =
        IntStream.range(0, network.depth())
            .mapToObj(network::layer)
            .flatMap(layer -> layer.activation().stream())
            .anyMatch(Judge::isBounded);
    diagnostics = new Diagnostics(sounding, forecast, step, rehearsal(), steps);
    outcome = judge();
  }

  /**
   * Looks at a network as it stands. Its parameters stay; its gradients are overwritten.
   *
   * @param rows to train on, of which some hundred are looked at
   * @param optimizer with the rate of the training
   * @param clipping of its gradients
   * @param steps that the training is to have
   * @throws IllegalArgumentException if the rows do not fit the network or the loss, or are fewer
   *     than two
   */
  public static Preflight of(
      Network network, Rows rows, Loss loss, Optimizer optimizer, Clipping clipping, long steps) {
    if (rows.size() < 2) {
      throw new IllegalArgumentException(
          "preflight needs two rows or more, to tell them apart, not " + rows.size());
    }
    List<Rehearsal> rehearsals = rehearse(network, rows, loss, optimizer, clipping, steps);
    try (Batches.Iteration batches =
        rows.batches(Math.min(SAMPLES, rows.size()), 0, 1).iterator()) {
      return new Preflight(
          network, batches.next(), List.copyOf(rehearsals), loss, optimizer, clipping, steps);
    }
  }

  private static List<Rehearsal> rehearse(
      Network network, Rows rows, Loss loss, Optimizer optimizer, Clipping clipping, long steps) {
    int batch = Math.min(REHEARSED, rows.size());
    if (!(optimizer instanceof Sgd)) {
      return List.of(Rehearsal.over(network, rows, batch, loss, optimizer, clipping, steps));
    }
    List<Rehearsal> rehearsals = new ArrayList<>();
    for (int i = 0; i < REHEARSALS; i++) {
      try (Batches.Iteration batches = rows.batches(batch, i, 0).iterator()) {
        rehearsals.add(Rehearsal.of(network, batches.next(), loss, optimizer, clipping, steps));
      }
    }
    rehearsals.sort(Comparator.comparingDouble(rehearsal -> rehearsal.learnt(steps)));
    return rehearsals;
  }

  private Outcome judge() {
    if (learning() >= Judge.LEARNT) {
      return Outcome.TRAINS;
    }
    Rehearsal rehearsal = rehearsal();
    double start = Math.max(rehearsal.loss(), rehearsal.constant());
    boolean jumps = !(step.after() < JUMP * step.loss()) || !(rehearsal.most() < JUMP * start);
    if (diagnostics.mostDead() == 1) {
      return Outcome.DIES;
    }
    double ratio = sounding.gradientRatio();
    if (jumps || ratio > Judge.FAR) {
      return Outcome.EXPLODES;
    }
    if (bounded && sounding.saturated() > Judge.MOSTLY) {
      return Outcome.SATURATES;
    }
    if (ratio < 1 / Judge.FAR || step.gradient() == 0 || diagnostics.apartness() < ALIKE) {
      return Outcome.VANISHES;
    }
    return Outcome.STALLS;
  }

  /** Returns whether the network is expected to train. */
  public boolean trains() {
    return outcome == Outcome.TRAINS;
  }

  /** Returns what is expected, in a word. */
  public Outcome outcome() {
    return outcome;
  }

  /** Returns what the word rests on, each with its numbers. */
  public List<Diagnostic> diagnostics() {
    return diagnostics.all();
  }

  /**
   * Returns what share of the best constant answer's loss all steps would do away with, at the pace
   * of the rehearsal: 1 and more if that is far from over.
   */
  public double learning() {
    return rehearsal().learnt(steps);
  }

  /** Returns what a training in brief came to: the one in the middle of those that were done. */
  public Rehearsal rehearsal() {
    return rehearsals.get(rehearsals.size() / 2);
  }

  /** Returns what the first step does. */
  public FirstStep step() {
    return step;
  }

  /** Returns what was measured of the layers. */
  public Sounding sounding() {
    return sounding;
  }

  /** Returns what theory says of the layers, or null if it has no formula for one. */
  public Forecast forecast() {
    return forecast;
  }

  /** Returns why there is no forecast, or null if there is one. */
  public String unforetold() {
    return unforetold;
  }

  /** Returns the number of layers in which gradients change by e; infinite if they do not. */
  public double depthScale() {
    return diagnostics.depthScale();
  }
}
