package fathom.nn;

import fathom.matrix.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A recurrent layer: its cell, how its parameters start and how far gradients flow back. It gives
 * its last state, or, where another recurrent layer follows, those of all steps. Inside, a step is
 * B columns: step t of sample b is column t B + b. {@link RecurrentPass} goes through time.
 *
 * @param units of a state
 * @param activation of an Elman layer, tanh or ReLU; gates have their own
 * @param initializer what draws each gate's input weights
 * @param recurrentInitializer what draws each gate's weights from state to state
 * @param forgetBias where the bias of an LSTM's forget gate starts
 * @param window steps that gradients flow back at most; 0 for all
 */
public record Recurrent(
    Kind kind,
    int units,
    Activation activation,
    Initializer initializer,
    Initializer recurrentInitializer,
    float forgetBias,
    int window)
    implements LayerSpec {
  /** What a unit is. */
  public enum Kind {
    RNN(1),
    GRU(3),
    LSTM(4);

    private final int gates;

    Kind(int gates) {
      this.gates = gates;
    }

    /** Returns how many rows of weights a unit has. */
    public int gates() {
      return gates;
    }

    /** Returns the word that {@link Architecture#parse} reads. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Recurrent {
    Architecture.requirePositive("a layer", units);
    boolean rectified = kind == Kind.RNN && activation.equals(Activation.RELU);
    if (!rectified && !activation.equals(Activation.TANH)) {
      throw new IllegalArgumentException(
          "a recurrent layer takes tanh or relu, as PyTorch's does, not " + activation);
    }
    if (!Float.isFinite(forgetBias)) {
      throw new IllegalArgumentException(
          "the forget gate's bias must be finite, not " + forgetBias);
    }
    if (window < 0) {
      throw new IllegalArgumentException("a window needs at least one step, not " + window);
    }
  }

  /** Returns a layer with orthogonal recurrent weights and a forget gate's bias of 1. */
  static Recurrent of(
      Kind kind, int units, Activation activation, Initializer initializer, int window) {
    return new Recurrent(kind, units, activation, initializer, Initializer.ORTHOGONAL, 1, window);
  }

  /** Returns the same layer with gradients that flow back some steps at most. */
  public Recurrent truncated(int steps) {
    return new Recurrent(
        kind, units, activation, initializer, recurrentInitializer, forgetBias, steps);
  }

  /** Returns the same layer with recurrent weights drawn otherwise. */
  public Recurrent recurrentWeights(Initializer other) {
    return new Recurrent(kind, units, activation, initializer, other, forgetBias, window);
  }

  /**
   * Returns the same layer with another bias of the forget gate to start from.
   *
   * @throws IllegalStateException if this is no LSTM
   */
  public Recurrent forgetBias(float bias) {
    if (kind != Kind.LSTM) {
      throw new IllegalStateException("forgetBias() is for an LSTM, right behind it");
    }
    return new Recurrent(kind, units, activation, initializer, recurrentInitializer, bias, window);
  }

  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.recurrent(this);
  }

  @Override
  public int units(int below) {
    return units;
  }

  @Override
  public int modules() {
    return 1;
  }

  private String title() {
    return kind + (kind == Kind.RNN ? ":" + activation : "");
  }

  @Override
  public String toString() {
    return title() + ":" + units + (window == 0 ? "" : ":" + window);
  }

  /**
   * Returns the layer in its place.
   *
   * @param steps T
   * @param whole whether it gives the states of all steps
   */
  Layer at(Layer.Site site, int steps, boolean whole) {
    return new Placed(this, site, steps, whole);
  }

  /** The layer in its place. */
  static final class Placed extends Layer {
    private final Recurrent spec;
    private final int features;
    private final int steps;
    private final boolean whole;

    private Placed(Recurrent spec, Site site, int steps, boolean whole) {
      super(spec, site);
      this.spec = spec;
      this.features = site.in();
      this.steps = steps;
      this.whole = whole;
    }

    @Override
    public int in() {
      return steps * features;
    }

    @Override
    public int out() {
      return whole ? steps * spec.units : spec.units;
    }

    Kind kind() {
      return spec.kind;
    }

    Activation function() {
      return spec.activation;
    }

    int steps() {
      return steps;
    }

    int features() {
      return features;
    }

    int units() {
      return spec.units;
    }

    /** Returns the rows of all gates. */
    int rows() {
      return spec.kind.gates * spec.units;
    }

    /** Returns whether the layer gives the states of all steps. */
    boolean returnsSequence() {
      return whole;
    }

    /** Returns how many steps of gradients hang together. */
    int window() {
      return spec.window == 0 ? steps : Math.min(spec.window, steps);
    }

    String inputWeight() {
      return name(0, "weight_ih_l0");
    }

    String recurrentWeight() {
      return name(0, "weight_hh_l0");
    }

    String inputBias() {
      return name(0, "bias_ih_l0");
    }

    String recurrentBias() {
      return name(0, "bias_hh_l0");
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(
          Tensor.weight(inputWeight(), rows(), features),
          Tensor.weight(recurrentWeight(), rows(), spec.units),
          Tensor.vector(inputBias(), rows()),
          Tensor.vector(recurrentBias(), rows()));
    }

    /** Draws each gate's weights by themselves: their fans are those of one gate. */
    @Override
    void initialize(Drawing drawing) {
      Matrix input = drawing.parameter(inputWeight());
      Matrix recurrent = drawing.parameter(recurrentWeight());
      for (int g = 0; g < spec.kind.gates; g++) {
        long stream = index() + ((2L * g + 1) << 32);
        drawing.draw(spec.initializer, gate(input, g), features, spec.units, stream);
        stream += 1L << 32;
        drawing.draw(spec.recurrentInitializer, gate(recurrent, g), spec.units, spec.units, stream);
      }
      drawing.fill(drawing.parameter(inputBias()), 0);
      drawing.fill(drawing.parameter(recurrentBias()), 0);
      if (spec.kind == Kind.LSTM) {
        drawing.fill(gate(drawing.parameter(inputBias()), 1), spec.forgetBias);
      }
    }

    /** Returns the rows of a gate. */
    Matrix gate(Matrix m, int gate) {
      return m.rows(gate * spec.units, (gate + 1) * spec.units);
    }

    @Override
    void enter(Planner planner) {
      boolean first = planner.isEmpty();
      Buffer x = first ? planner.sequence("x", features, steps) : planner.below();
      CellPlan cell = CellPlan.of(this, planner);
      planner.meet();
      Buffer a = whole ? cell.h() : planner.output("a", spec.units, planner.batch());
      boolean learns = planner.learns();
      boolean lowest = planner.isLowest();
      RecurrentProducts products = RecurrentProducts.of(planner.engine(), this, x.cols());
      List<String> weights = List.of(inputWeight(), recurrentWeight());
      List<Buffer> reads = first ? List.of(planner.input()) : List.of(x);
      List<Buffer> writes = new ArrayList<>(cell.forward());
      if (first) {
        writes.add(x);
      }
      if (!whole) {
        writes.add(a);
      }
      double flops = products.forwardFlops();
      Work time = Work.of("back through time", cell.states(), cell.back()).with(weights);
      List<Buffer> kept = new ArrayList<>(cell.states());
      kept.add(x);
      if (!lowest) {
        kept.addAll(cell.gradients());
      }
      Work learn =
          lowest
              ? Work.of("back through time, dW", kept, cell.back()).costing(2 * flops)
              : Work.of("dW of inputs and states", kept, List.of()).costing(flops);
      planner.beginRecurrent(
          new HeadPlan(
              Work.of("states", reads, writes).with(parameterNames()).costing(flops),
              lowest ? Work.NONE : time.costing(flops),
              learns ? learn.with(weights) : Work.NONE,
              a,
              steps + 2,
              false,
              (bound, d, below) ->
                  new RecurrentPass(bound, this, products, cell, x, a, first, lowest, d, below)),
          !whole);
    }

    @Override
    public String brief() {
      return kind() + " " + units() + (kind() == Kind.RNN ? " " + spec.activation : "");
    }

    /** Returns the layer in a line, as in {@code 12 x 8 -> 24 rnn tanh, xavier_uniform}. */
    @Override
    public String toString() {
      return steps
          + " x "
          + features
          + " -> "
          + (whole ? steps + " x " : "")
          + units()
          + " "
          + kind()
          + (kind() == Kind.RNN ? " " + spec.activation : "")
          + ", "
          + spec.initializer;
    }
  }
}
