package fathom.lab.preflight;

import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Sounding;
import fathom.lab.stress.Judge;
import fathom.lab.theory.Forecast;
import fathom.lab.theory.LayerForecast;
import java.util.List;
import java.util.Locale;

/**
 * The diagnostics of a preflight: what was measured of a network, set beside what theory says and
 * put into words.
 */
final class Diagnostics {
  private final Sounding sounding;
  private final Forecast forecast;
  private final FirstStep step;
  private final Rehearsal rehearsal;
  private final long steps;

  /**
   * Takes what was measured.
   *
   * @param forecast of theory, or null if it has no formula
   * @param steps that the training is to have
   */
  Diagnostics(
      Sounding sounding, Forecast forecast, FirstStep step, Rehearsal rehearsal, long steps) {
    this.sounding = sounding;
    this.forecast = forecast;
    this.step = step;
    this.rehearsal = rehearsal;
    this.steps = steps;
  }

  /** Returns all, in the order in which they are printed. */
  List<Diagnostic> all() {
    return List.of(signals(), apart(), gradients(), saturated(), dead(), firstStep(), rehearsed());
  }

  /** Returns the number of layers in which gradients change by e; infinite if they do not. */
  double depthScale() {
    return 1 / Math.abs(Math.log(sounding.chi()));
  }

  /** Returns the layers with a product, but for the output layer. */
  private List<LayerSounding> products() {
    List<LayerSounding> all = sounding.products();
    return all.subList(0, Math.max(0, all.size() - 1));
  }

  private static LayerSounding last(List<LayerSounding> layers) {
    return layers.get(layers.size() - 1);
  }

  private LayerForecast foretold(LayerSounding layer) {
    return forecast.layers().get(layer.layer());
  }

  private Diagnostic signals() {
    List<LayerSounding> layers = sounding.hidden();
    if (layers.isEmpty()) {
      return nothing("signals");
    }
    double measured = sounding.signalGrowth();
    double theory =
        forecast == null
            ? Double.NaN
            : foretold(last(layers)).square() / foretold(layers.get(0)).square();
    return diagnostic(
        "signals", measured, theory, "mean square of the last hidden layer over the first's: %s");
  }

  /** Returns what tells two inputs apart at the top, over what does at the bottom. */
  double apartness() {
    List<LayerSounding> layers = sounding.hidden();
    return layers.isEmpty()
        ? 1
        : (1 - last(layers).correlation()) / (1 - sounding.inputCorrelation());
  }

  private Diagnostic apart() {
    List<LayerSounding> layers = sounding.hidden();
    if (layers.isEmpty()) {
      return nothing("apart");
    }
    double theory =
        forecast == null
            ? Double.NaN
            : (1 - foretold(last(layers)).correlation()) / (1 - sounding.inputCorrelation());
    return diagnostic(
        "apart", apartness(), theory, "of what tells two inputs apart is left at the top: %s");
  }

  private Diagnostic gradients() {
    List<LayerSounding> layers = products();
    if (layers.size() < 2) {
      return nothing("chi");
    }
    double theory = Double.NaN;
    if (forecast != null) {
      double first = foretold(layers.get(0)).gradient() / layers.get(0).units();
      double top = foretold(last(layers)).gradient() / last(layers).units();
      theory = Math.pow(first / top, 1.0 / (layers.size() - 1));
    }
    double chi = sounding.chi();
    String text =
        String.format(
            Locale.ROOT,
            "gradients in mean square, per layer on the way down: %s; a factor of e in %.3g of %d"
                + " layers, %.3g in all",
            "%s",
            depthScale(),
            layers.size(),
            Math.pow(chi, layers.size() - 1.0));
    return diagnostic("chi", chi, theory, text);
  }

  private Diagnostic saturated() {
    return diagnostic(
        "saturated",
        sounding.saturated(),
        Double.NaN,
        "share of hidden outputs where the activation is flat: %s");
  }

  /**
   * Returns the largest share of units of a hidden layer that are 0 throughout; 0 if none can be.
   */
  double mostDead() {
    return sounding.hidden().stream()
        .mapToDouble(LayerSounding::dead)
        .filter(d -> d >= 0)
        .max()
        .orElse(0);
  }

  private Diagnostic dead() {
    return diagnostic(
        "dead",
        mostDead(),
        Double.NaN,
        "share of units that are 0 throughout, in the worst layer: %s");
  }

  private Diagnostic firstStep() {
    String text =
        String.format(
            Locale.ROOT,
            "the first step takes the loss from %.4g to %.4g and turns the gradient to a cosine of"
                + " %.2f; %d such steps do away with %s times the loss by telling inputs apart",
            step.loss(),
            step.after(),
            step.turnApart(),
            steps,
            "%s");
    return diagnostic("first_step", step.share() * steps, Double.NaN, text);
  }

  private Diagnostic rehearsed() {
    String text =
        String.format(
            Locale.ROOT,
            "rehearsed on %d rows, %d passes go through %.3g of %d steps and do away with %.3g of a"
                + " constant answer's loss; at that pace all do away with %s (%s trains)",
            rehearsal.rows(),
            rehearsal.passes(),
            rehearsal.covered(),
            steps,
            rehearsal.learnt(),
            "%s",
            Judge.LEARNT);
    return diagnostic("learning", rehearsal.learnt(steps), Double.NaN, text);
  }

  private static Diagnostic nothing(String name) {
    return new Diagnostic(name, Double.NaN, Double.NaN, "has too few layers to tell");
  }

  private static Diagnostic diagnostic(String name, double measured, double theory, String text) {
    String figure = String.format(Locale.ROOT, "%.3g", measured);
    if (!Double.isNaN(theory)) {
      figure += String.format(Locale.ROOT, " (theory %.3g)", theory);
    }
    return new Diagnostic(name, measured, theory, text.replace("%s", figure));
  }
}
