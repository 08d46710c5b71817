package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.List;
import java.util.Map;

/**
 * A recurrent layer over sequences of T steps: its cell, its parameters under PyTorch's names and
 * how far gradients flow back. Inside, a step is B columns: step t of sample b is column t B + b.
 */
final class Recurrent extends Layer {
  /** What a unit is. */
  enum Kind {
    RNN(1, "rnn"),
    GRU(3, "gru"),
    LSTM(4, "lstm");

    final int gates;
    private final String title;

    Kind(int gates, String title) {
      this.gates = gates;
      this.title = title;
    }
  }

  /** What is drawn at the beginning: input weights, recurrent weights, the forget gate's bias. */
  private record Start(Initializer input, Initializer recurrent, float forgetBias) {}

  final Kind kind;
  final int steps;
  final int features;
  final int units;
  final Activation activation;

  Matrix inputWeight;
  Matrix recurrentWeight;
  Matrix inputBias;
  Matrix recurrentBias;
  Matrix inputWeightGradient;
  Matrix recurrentWeightGradient;
  Matrix inputBiasGradient;
  Matrix recurrentBiasGradient;

  private final boolean whole;
  private final int window;
  private final Start start;

  /**
   * Places a layer that gives its last state.
   *
   * @param steps T
   * @param features numbers of a step
   * @param activation of an Elman layer; gates have their own
   * @param window steps that gradients flow back at most; 0 for all
   */
  Recurrent(
      Kind kind,
      int steps,
      int features,
      int units,
      Activation activation,
      Initializer initializer,
      int window,
      String prefix,
      int module) {
    this(
        kind,
        steps,
        features,
        units,
        activation,
        false,
        window,
        new Start(initializer, Initializer.ORTHOGONAL, 1),
        prefix,
        module);
  }

  private Recurrent(
      Kind kind,
      int steps,
      int features,
      int units,
      Activation activation,
      boolean whole,
      int window,
      Start start,
      String prefix,
      int module) {
    super(steps * features, whole ? steps * units : units, prefix, module);
    this.kind = kind;
    this.steps = steps;
    this.features = features;
    this.units = units;
    this.activation = activation;
    this.whole = whole;
    this.window = window;
    this.start = start;
  }

  private Recurrent with(boolean newWhole, int newWindow, Start newStart) {
    return new Recurrent(
        kind,
        steps,
        features,
        units,
        activation,
        newWhole,
        newWindow,
        newStart,
        prefix(),
        module());
  }

  @Override
  Recurrent copy() {
    return with(whole, window, start);
  }

  /** Returns the same layer giving the states of all steps. */
  Recurrent returningSequence() {
    return with(true, window, start);
  }

  /** Returns the same layer with gradients that flow back some steps at most. */
  Recurrent truncated(int steps) {
    return with(whole, steps, start);
  }

  /** Returns the same layer with recurrent weights drawn otherwise. */
  Recurrent recurrentWeights(Initializer initializer) {
    return with(whole, window, new Start(start.input, initializer, start.forgetBias));
  }

  /** Returns the same layer with another bias of the forget gate to start from. */
  Recurrent forgetBias(float bias) {
    if (kind != Kind.LSTM) {
      throw new IllegalStateException("forgetBias() is for an LSTM, right behind it");
    }
    if (!Float.isFinite(bias)) {
      throw new IllegalArgumentException("the forget gate's bias must be finite, not " + bias);
    }
    return with(whole, window, new Start(start.input, start.recurrent, bias));
  }

  boolean returnsSequence() {
    return whole;
  }

  /** Returns how many steps of gradients hang together. */
  int window() {
    return window == 0 ? steps : Math.min(window, steps);
  }

  /** Returns the rows of all gates. */
  int rows() {
    return kind.gates * units;
  }

  @Override
  int modules() {
    return 1;
  }

  @Override
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {
    parameters.add(name(0, "weight_ih_l0"), rows(), features);
    parameters.add(name(0, "weight_hh_l0"), rows(), units);
    parameters.add(name(0, "bias_ih_l0"), rows(), 1);
    parameters.add(name(0, "bias_hh_l0"), rows(), 1);
  }

  @Override
  void weights(Map<String, List<Long>> shapes) {
    shapes.put(name(0, "weight_ih_l0"), List.of((long) rows(), (long) features));
    shapes.put(name(0, "weight_hh_l0"), List.of((long) rows(), (long) units));
  }

  @Override
  void bind(Slab parameters, Slab statistics) {
    inputWeight = parameters.get(name(0, "weight_ih_l0"));
    recurrentWeight = parameters.get(name(0, "weight_hh_l0"));
    inputBias = parameters.get(name(0, "bias_ih_l0"));
    recurrentBias = parameters.get(name(0, "bias_hh_l0"));
  }

  @Override
  void bindGradients(Slab gradients) {
    inputWeightGradient = gradients.get(name(0, "weight_ih_l0"));
    recurrentWeightGradient = gradients.get(name(0, "weight_hh_l0"));
    inputBiasGradient = gradients.get(name(0, "bias_ih_l0"));
    recurrentBiasGradient = gradients.get(name(0, "bias_hh_l0"));
  }

  /** Draws each gate's weights by themselves: their fans are those of one gate. */
  @Override
  void initialize(Engine engine, long seed, int stream) {
    for (int g = 0; g < kind.gates; g++) {
      long gate = stream + ((2L * g + 1) << 32);
      start.input.fill(engine, gate(inputWeight, g), features, units, seed, gate);
      gate += 1L << 32;
      start.recurrent.fill(engine, gate(recurrentWeight, g), units, units, seed, gate);
    }
    zero(engine, inputBias);
    zero(engine, recurrentBias);
    if (kind == Kind.LSTM) {
      for (int r = units; r < 2 * units; r++) {
        inputBias.set(r, 0, start.forgetBias);
      }
    }
  }

  private static void zero(Engine engine, Matrix bias) {
    engine.kernels().fill().constant(bias.segment(), bias.offset(), 0, bias.rows(), 0);
  }

  /** Returns the rows of a gate; null of parameters that are not bound, when memory is reckoned. */
  Matrix gate(Matrix m, int gate) {
    return m == null ? null : m.rows(gate * units, (gate + 1) * units);
  }

  /** Returns the cell for a batch size. */
  Cell cell(Plan plan) {
    return switch (kind) {
      case RNN -> new ElmanCell(this, plan);
      case GRU -> new GruCell(this, plan);
      case LSTM -> new LstmCell(this, plan);
    };
  }

  @Override
  void enter(Plan plan) {
    plan.recur(this);
  }

  @Override
  String text() {
    return kind.title
        + (kind == Kind.RNN ? ":" + activation : "")
        + ":"
        + units
        + (window == 0 ? "" : ":" + window);
  }

  @Override
  String brief() {
    return kind.title + " " + units + (kind == Kind.RNN ? " " + activation : "");
  }

  /** Returns the layer in a line, as in {@code 12 x 8 -> 24 rnn tanh, xavier_uniform}. */
  @Override
  public String toString() {
    return steps
        + " x "
        + features
        + " -> "
        + (whole ? steps + " x " : "")
        + units
        + " "
        + kind.title
        + (kind == Kind.RNN ? " " + activation : "")
        + ", "
        + start.input;
  }
}
