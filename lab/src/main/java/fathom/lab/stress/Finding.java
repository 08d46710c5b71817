package fathom.lab.stress;

import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Sounding;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.nn.Network;
import fathom.optim.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What came out of one cell, as named fields in a fixed order: text, numbers, and runs of numbers
 * by layer or by step. A line of a results file holds one; {@link #fields} tells the names.
 *
 * <p>{@code trainable_depth} is six depth scales of mean-field theory, 1e9 where it sets no limit,
 * and nothing for networks that it is not about. Of very deep networks, figures by layer are given
 * for {@value #MOST_LAYERS} layers, spread evenly, the first and the last among them; {@code layer}
 * has their numbers, from 1. Immutable.
 */
public final class Finding {
  private static final int MOST_LAYERS = 64;
  private static final int MOST_LOSSES = 50;

  /** Fields that depend on the machine and on what else it does; all others are reproducible. */
  public static final List<String> TIMES = List.of("steps_per_second", "samples_per_second");

  /** The fields in their order, and whether each is text, a number or a run of numbers. */
  private static final Map<String, Kind> FIELDS = fieldKinds();

  /** What a field holds. */
  public enum Kind {
    TEXT,
    NUMBER,
    NUMBERS
  }

  private final Map<String, Object> values;

  /**
   * Takes fields as a file has them.
   *
   * @param values String, Double or double[] by name; null stands for what is not finite
   */
  Finding(Map<String, Object> values) {
    this.values = values;
  }

  private static Map<String, Kind> fieldKinds() {
    Map<String, Kind> kinds = new LinkedHashMap<>();
    put(kinds, Kind.TEXT, "cell", "verdict", "outcome", "evidence");
    put(kinds, Kind.NUMBER, "depth", "width");
    put(kinds, Kind.TEXT, "activation", "init");
    put(kinds, Kind.NUMBER, "gain", "bias");
    put(kinds, Kind.TEXT, "norm", "skip", "optimizer");
    put(kinds, Kind.NUMBER, "rate", "seed", "sigma_w2", "trainable_depth");
    put(kinds, Kind.NUMBER, "step", "failed_layer");
    put(kinds, Kind.NUMBER, "steps", "loss_first", "loss_last", "loss_baseline", "learnt");
    put(kinds, Kind.NUMBER, "gradient_ratio", "chi", "jacobian_max", "jacobian_ms");
    put(kinds, Kind.NUMBER, "q_growth", "correlation_top", "saturated_mean", "dead_max");
    put(kinds, Kind.NUMBER, "saturated_end", "dead_end");
    put(kinds, Kind.NUMBER, "parameters", "bytes", "steps_per_second", "samples_per_second");
    put(kinds, Kind.NUMBERS, "loss", "layer", "mean", "variance", "q", "saturated", "dead");
    put(kinds, Kind.NUMBERS, "correlation", "q05", "q25", "q50", "q75", "q95");
    put(kinds, Kind.NUMBERS, "gradient_layer", "gradient");
    return Collections.unmodifiableMap(kinds);
  }

  private static void put(Map<String, Kind> kinds, Kind kind, String... names) {
    for (String name : names) {
      kinds.put(name, kind);
    }
  }

  /** Returns the names of all fields in their order, and what each holds. */
  public static Map<String, Kind> fields() {
    return FIELDS;
  }

  static Finding of(
      Trial trial,
      GridCell cell,
      Verdict verdict,
      Sounding before,
      Sounding after,
      LossCurve loss,
      double stepsPerSecond,
      Network network) {
    Map<String, Object> v = new LinkedHashMap<>();
    v.put("cell", cell.toString());
    v.put("verdict", verdict.toString());
    v.put("outcome", GridCell.word(verdict.outcome()));
    v.put("evidence", verdict.evidence());
    put(v, "depth", cell.depth());
    put(v, "width", cell.width());
    v.put("activation", cell.activation().toString());
    v.put("init", cell.init());
    put(v, "gain", cell.gain());
    put(v, "bias", cell.bias());
    v.put("norm", GridCell.word(cell.norm()));
    v.put("skip", GridCell.word(cell.skip()));
    v.put("optimizer", GridCell.word(cell.method()));
    put(v, "rate", Double.parseDouble(Float.toString(cell.rate())));
    put(v, "seed", (double) cell.seed());
    put(v, "sigma_w2", cell.weightVariance());
    put(v, "trainable_depth", trial.trainableDepth(cell));
    put(v, "step", verdict.step() > 0 ? (double) verdict.step() : Double.NaN);
    put(v, "failed_layer", verdict.layer() > 0 ? verdict.layer() : Double.NaN);
    put(v, "steps", loss.steps());
    put(v, "loss_first", loss.first());
    put(v, "loss_last", loss.last());
    put(v, "loss_baseline", loss.baseline());
    put(v, "learnt", loss.learnt());
    put(v, "gradient_ratio", before.gradientRatio());
    put(v, "chi", before.chi());
    put(v, "jacobian_max", before.jacobian().largest());
    put(v, "jacobian_ms", before.jacobian().meanSquare());
    List<LayerSounding> signals = signals(before);
    put(v, "q_growth", before.signalGrowth());
    put(v, "correlation_top", last(signals).correlation());
    put(v, "saturated_mean", before.saturated());
    put(v, "dead_max", most(before));
    put(v, "saturated_end", after.saturated());
    put(v, "dead_end", most(after));
    put(v, "parameters", (double) network.parameterCount());
    put(v, "bytes", cell.bytes(network.engine(), trial.inputs(), trial.outputs(), trial.batch()));
    put(v, "steps_per_second", stepsPerSecond);
    put(v, "samples_per_second", stepsPerSecond * trial.batch());
    v.put("loss", rounded(loss.thinned(MOST_LOSSES)));
    byLayer(v, signals, before.layers());
    return new Finding(v);
  }

  /** Puts runs of figures: of outputs by the layers that have any, of gradients by their layers. */
  private static void byLayer(
      Map<String, Object> v, List<LayerSounding> signals, List<LayerSounding> layers) {
    List<LayerSounding> some = evenly(signals);
    numbers(v, "layer", some, layer -> layer.layer() + 1);
    numbers(v, "mean", some, LayerSounding::mean);
    numbers(v, "variance", some, LayerSounding::variance);
    numbers(v, "q", some, LayerSounding::q);
    numbers(v, "saturated", some, LayerSounding::saturated);
    numbers(v, "dead", some, LayerSounding::dead);
    numbers(v, "correlation", some, LayerSounding::correlation);
    numbers(v, "q05", some, layer -> layer.quantiles().q05());
    numbers(v, "q25", some, layer -> layer.quantiles().q25());
    numbers(v, "q50", some, layer -> layer.quantiles().q50());
    numbers(v, "q75", some, layer -> layer.quantiles().q75());
    numbers(v, "q95", some, layer -> layer.quantiles().q95());
    List<LayerSounding> products =
        evenly(layers.stream().filter(l -> !Double.isNaN(l.gradient())).toList());
    numbers(v, "gradient_layer", products, layer -> layer.layer() + 1);
    numbers(v, "gradient", products, LayerSounding::gradient);
  }

  private static void put(Map<String, Object> values, String name, double value) {
    values.put(name, Double.isFinite(value) ? (Double) value : null);
  }

  private static List<LayerSounding> signals(Sounding sounding) {
    List<LayerSounding> layers = sounding.layers();
    return layers.subList(0, layers.size() - 1).stream().filter(LayerSounding::hasOutput).toList();
  }

  private static LayerSounding last(List<LayerSounding> layers) {
    return layers.get(layers.size() - 1);
  }

  private static double most(Sounding sounding) {
    return sounding.layers().stream()
        .mapToDouble(LayerSounding::dead)
        .filter(dead -> !Double.isNaN(dead))
        .max()
        .orElse(Double.NaN);
  }

  private static List<LayerSounding> evenly(List<LayerSounding> layers) {
    int n = Math.min(layers.size(), MOST_LAYERS);
    List<LayerSounding> some = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      some.add(layers.get(n == 1 ? 0 : (int) ((long) i * (layers.size() - 1) / (n - 1))));
    }
    return some;
  }

  private static void numbers(
      Map<String, Object> values,
      String name,
      List<LayerSounding> layers,
      ToDoubleFunction<LayerSounding> figure) {
    values.put(name, rounded(layers.stream().mapToDouble(figure).toArray()));
  }

  /** Four digits are more than a curve can show. */
  private static double[] rounded(double[] numbers) {
    double[] rounded = new double[numbers.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] =
          Double.isFinite(numbers[i])
              ? Double.parseDouble(String.format(Locale.ROOT, "%.3e", numbers[i]))
              : numbers[i];
    }
    return rounded;
  }

  /** Returns the cell's line, which no other cell has. */
  public String cell() {
    return text("cell");
  }

  /** Returns a text, empty if there is none. */
  public String text(String name) {
    return values.get(name) instanceof String text ? text : "";
  }

  /** Returns a number, NaN if it is not finite or there is none. */
  public double number(String name) {
    return values.get(name) instanceof Double number ? number : Double.NaN;
  }

  /** Returns a run of numbers, NaN for those that are not finite; empty if there is none. */
  public double[] numbers(String name) {
    return values.get(name) instanceof double[] run ? run.clone() : new double[0];
  }

  Object value(String name) {
    return values.get(name);
  }

  /** Returns the cell that this was found of. */
  public GridCell toCell() {
    return new GridCell(
        (int) number("depth"),
        (int) number("width"),
        Activation.named(text("activation")),
        text("init"),
        number("gain"),
        number("bias"),
        HiddenLayers.Norm.valueOf(text("norm").toUpperCase(Locale.ROOT)),
        GridCell.Skip.valueOf(text("skip").toUpperCase(Locale.ROOT)),
        Method.valueOf(text("optimizer").toUpperCase(Locale.ROOT)),
        (float) number("rate"),
        (long) number("seed"));
  }
}
