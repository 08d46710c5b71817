package fathom.lab.stress;

import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Sounding;
import fathom.lab.stress.Verdict.Outcome;
import fathom.nn.Activation;
import fathom.train.TrainingDivergedException;
import java.util.List;
import java.util.Locale;

/**
 * Finds the verdict of a training from what was measured before, during and after it. Each limit
 * says where it comes from; networks whose fate is known beforehand come to it (VerdictTest).
 */
public final class Judge {
  /**
   * A network has learnt if it does away with this share of the constant answer's loss. What can
   * learn nothing (classes at random, rates of 0, networks twice too deep for their signals) does
   * away with less than a tenth, since the last steps' loss is a mean over hundreds of samples.
   * What is between learns, but too slowly to be called trained.
   */
  public static final double LEARNT = 0.25;

  /**
   * Gradients that fall or grow by this factor, from the last hidden layer to the first: exp(3),
   * six depth scales of their mean square, which is as deep as networks train (Schoenholz et al.
   * 2017). By chance, a healthy ReLU net of L layers of n units strays by a factor of exp(sqrt(5 L
   * / n) / 2), which is 2.4 at 40 layers of 64.
   */
  public static final double FAR = Math.exp(3);

  /**
   * The mean square of signals that fall or grow by this factor. A critical tanh net, which trains,
   * lets them fall to 1 / 2L: this leaves it alone up to half a million layers.
   */
  private static final double FAR_SIGNALS = 1e6;

  /** Most of the units; half of them are where a tanh is flat if sums have a deviation of 4.4. */
  public static final double MOSTLY = 0.5;

  private Judge() {}

  static Verdict diverged(TrainingDivergedException e) {
    return new Verdict(Outcome.DIVERGES, e.step(), e.layer() + 1, e.getMessage());
  }

  /**
   * Judges a training that came to its end.
   *
   * @param before of the network as it was drawn
   * @param after of the network as it ended
   */
  static Verdict of(Activation f, Sounding before, Sounding after, LossCurve loss) {
    String fell = String.format(Locale.ROOT, "loss %.3g to %.3g", loss.first(), loss.last());
    String chance =
        String.format(Locale.ROOT, "%s, a constant answer's %.3g", fell, loss.baseline());
    if (loss.learnt() >= LEARNT) {
      return verdict(Outcome.TRAINS, chance);
    }
    int dead = deadLayer(before);
    double left = leftBelow(before, dead);
    if (left < 1 / FAR_SIGNALS) {
      return verdict(
          Outcome.VANISHES,
          String.format(
              Locale.ROOT,
              "mean square of signals x %.3g up to the layer below layer %d, where nothing is left"
                  + " of them; %s",
              left,
              dead,
              chance));
    }
    if (dead > 0) {
      return verdict(Outcome.DIES, "all units of layer " + dead + " are 0 as drawn; " + chance);
    }
    double ratio = before.gradientRatio();
    double signals = before.signalGrowth();
    String gradients =
        String.format(
            Locale.ROOT,
            "gradient of the first layer %.3g times the last hidden one's (%.3g a layer in mean"
                + " square); %s",
            ratio,
            before.chi(),
            chance);
    String growth =
        String.format(Locale.ROOT, "mean square of signals x %.3g to the top; %s", signals, chance);
    if (ratio > FAR) {
      return verdict(Outcome.EXPLODES, gradients);
    }
    if (signals > FAR_SIGNALS) {
      return verdict(Outcome.EXPLODES, growth);
    }
    if (ratio < 1 / FAR || isNothing(before)) {
      return verdict(Outcome.VANISHES, gradients);
    }
    if (signals < 1 / FAR_SIGNALS) {
      return verdict(Outcome.VANISHES, growth);
    }
    return mild(f, before, after, loss, chance);
  }

  /** What is left when nothing is far off between the first and the last layer. */
  private static Verdict mild(
      Activation f, Sounding before, Sounding after, LossCurve loss, String chance) {
    int dead = deadLayer(after);
    if (dead > 0) {
      String where = "all units of layer " + dead + " are 0 after training; ";
      return verdict(Outcome.DIES, where + chance);
    }
    if (isBounded(f) && before.saturated() > MOSTLY) {
      return verdict(Outcome.SATURATES, saturation(before, "as drawn; ") + chance);
    }
    if (isBounded(f) && after.saturated() > MOSTLY) {
      return verdict(Outcome.SATURATES, saturation(after, "after training; ") + chance);
    }
    if (loss.last() > 2 * Math.max(loss.first(), loss.baseline())) {
      return verdict(Outcome.EXPLODES, "the loss rose: " + chance);
    }
    return verdict(Outcome.STALLS, chance);
  }

  private static String saturation(Sounding sounding, String when) {
    double share = 100 * sounding.saturated();
    return String.format(Locale.ROOT, "%.0f %% of hidden outputs saturated %s", share, when);
  }

  private static Verdict verdict(Outcome outcome, String evidence) {
    return new Verdict(outcome, 0, 0, evidence);
  }

  /** Returns the first layer, from 1, whose units all are 0 for the whole batch; 0 if none. */
  private static int deadLayer(Sounding sounding) {
    return sounding.layers().stream()
        .filter(layer -> layer.dead() == 1)
        .findFirst()
        .map(layer -> layer.layer() + 1)
        .orElse(0);
  }

  /**
   * Returns the growth of signals up to the layer below one whose units are all 0: those of faint
   * signals are 0 because single precision ends, and none of them is dead. 1 if there is none.
   */
  private static double leftBelow(Sounding sounding, int dead) {
    List<LayerSounding> below =
        sounding.hidden().stream().filter(layer -> layer.layer() + 1 < dead).toList();
    return below.isEmpty() ? 1 : below.get(below.size() - 1).q() / below.get(0).q();
  }

  /** Gradients that are 0 on both sides have no ratio. */
  private static boolean isNothing(Sounding sounding) {
    return Double.isNaN(sounding.gradientRatio())
        && sounding.layers().stream().anyMatch(layer -> layer.gradient() == 0);
  }

  /** Flat on both sides, so that a saturated unit is lost whatever its sign. */
  public static boolean isBounded(Activation f) {
    if (f.isLearnt()) {
      return false;
    }
    return switch (f.function()) {
      case LOGISTIC, TANH, SOFTSIGN, HARD_TANH, HARD_SIGMOID -> true;
      case IDENTITY,
          RELU,
          LEAKY_RELU,
          ELU,
          SELU,
          SOFTPLUS,
          HARD_SWISH,
          GELU,
          GELU_TANH,
          SILU,
          MISH ->
          false;
    };
  }
}
