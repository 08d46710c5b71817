package fathom.nn;

import fathom.matrix.Slab;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a network is like: its input and its layers, with neither memory nor numbers. An immutable
 * value; equal descriptions are equal. {@link #toString} writes the words that model files and
 * checkpoints hold, and {@link #parse} reads them. {@link NetworkBuilder} writes one layer by
 * layer.
 *
 * @param steps the steps of the sequence that an input row is; 0 if it is none
 * @param features the length of an input row, or of each of its steps
 * @param layers from the input to the output, a residual block with its branch as one
 */
public record Architecture(int steps, int features, List<LayerSpec> layers) {
  private static final int MAX_UNITS = 1 << 26;

  /**
   * Checks that the layers fit one another. A sequence that no recurrent layer reads is a row.
   *
   * @throws IllegalArgumentException if they do not, with the layer and the remedy
   */
  public Architecture {
    layers = List.copyOf(layers);
    int row = inputs(steps, features);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a network needs at least one layer");
    }
    if (!(layers.get(0) instanceof Recurrent)) {
      steps = 0;
      features = row;
    }
    requireFitting(steps, features, layers);
  }

  /** Describes a network over rows that are no sequences. */
  public Architecture(int features, List<LayerSpec> layers) {
    this(0, features, layers);
  }

  /** Returns the length of an input row. */
  static int inputs(int steps, int features) {
    if (steps == 0) {
      return requirePositive("an input row", features);
    }
    long numbers =
        (long) requirePositive("a sequence", steps) * requirePositive("a step", features);
    if (numbers > MAX_UNITS) {
      throw new IllegalArgumentException(
          String.format(
              "a sequence of %d steps of %d numbers passes the %d that an input row may have",
              steps, features, MAX_UNITS));
    }
    return (int) numbers;
  }

  static int requirePositive(String what, int size) {
    if (size < 1) {
      throw new IllegalArgumentException(what + " needs at least one unit, not " + size);
    }
    return size;
  }

  private static void requireFitting(int steps, int features, List<LayerSpec> layers) {
    int units = steps == 0 ? features : steps * features;
    for (int i = 0; i < layers.size(); i++) {
      if (layers.get(i) instanceof Recurrent recurrent) {
        requireSequence(steps, features, layers.subList(0, i), units, recurrent);
      }
      if (layers.get(i) instanceof Residual block) {
        requireFitting(units, block);
      }
      units = layers.get(i).units(units);
    }
  }

  private static void requireFitting(int units, Residual block) {
    int inner = units;
    for (LayerSpec layer : block.branch()) {
      if (layer instanceof Recurrent) {
        throw noSequence();
      }
      if (layer instanceof Residual innerBlock) {
        requireFitting(inner, innerBlock);
      }
      inner = layer.units(inner);
    }
    requireSame(units, inner);
  }

  /** Refuses a branch that gives another number of units than its block takes. */
  static void requireSame(int taken, int given) {
    if (given != taken) {
      throw new IllegalArgumentException(
          String.format(
              "a residual block takes %d units and its branch gives %d: end the branch with a layer"
                  + " of %d",
              taken, given, taken));
    }
  }

  static IllegalArgumentException noSequence() {
    return new IllegalArgumentException(
        "a recurrent layer needs a sequence: start with Network.sequence(steps, features) and a"
            + " recurrent layer, and put none into a residual block");
  }

  /**
   * Refuses a recurrent layer that reads no sequence, or too long ones.
   *
   * @param below the layers below, and what the last of them gives
   */
  static void requireSequence(
      int steps, int features, List<LayerSpec> below, int units, Recurrent layer) {
    int last = below.size() - 1;
    while (last >= 0 && !(below.get(last) instanceof Recurrent)) {
      last--;
    }
    if (steps == 0 || (last < 0 && !below.isEmpty())) {
      throw noSequence();
    }
    int numbers = below.isEmpty() ? features : units;
    requireSize(steps, (long) layer.kind().gates() * Math.max(layer.units(), numbers));
    if (last >= 0) {
      int inner = ((Recurrent) below.get(last)).units();
      requireSizes(steps, inner, below.subList(last + 1, below.size()));
    }
  }

  private static void requireSizes(int steps, int units, List<LayerSpec> layers) {
    int inner = units;
    for (LayerSpec layer : layers) {
      if (layer instanceof Residual block) {
        requireSizes(steps, inner, block.branch());
      }
      inner = layer.units(inner);
      requireSize(steps, inner);
    }
  }

  private static void requireSize(int steps, long units) {
    if (steps * units > MAX_UNITS) {
      throw new IllegalArgumentException(
          String.format("%d units over %d steps are too many for a layer", units, steps));
    }
  }

  /** Returns the length of an input row. */
  public int inputs() {
    return inputs(steps, features);
  }

  /** Returns the length of an output row. */
  public int outputs() {
    int units = inputs();
    for (LayerSpec layer : layers) {
      units = layer.units(units);
    }
    return units;
  }

  /** Returns the number of layers, each end of a residual block being one. */
  public int depth() {
    return depth(layers);
  }

  private static int depth(List<LayerSpec> layers) {
    return layers.stream()
        .mapToInt(layer -> layer instanceof Residual block ? 2 + depth(block.branch()) : 1)
        .sum();
  }

  /** Returns the layers in their places, one after the other. */
  public List<Layer> placed() {
    return new Placing(this).placed();
  }

  /** Returns the names and shapes of what is learnt, and then of what is kept. */
  public Map<String, List<Long>> tensors() {
    return tensors(placed());
  }

  static Map<String, List<Long>> tensors(List<Layer> layers) {
    List<Tensor> all = layers.stream().flatMap(layer -> layer.tensors().stream()).toList();
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    all.stream().filter(Tensor::isLearnt).forEach(t -> shapes.put(t.name(), t.shape()));
    all.stream().filter(t -> !t.isLearnt()).forEach(t -> shapes.put(t.name(), t.shape()));
    return shapes;
  }

  /** Returns the number of learnt numbers. */
  public long parameterCount() {
    return placed().stream()
        .flatMap(layer -> layer.tensors().stream())
        .filter(Tensor::isLearnt)
        .mapToLong(Tensor::numbers)
        .sum();
  }

  /** Lays out what is learnt and what is kept; returns where each layer's begins, and the end. */
  static long[] place(List<Layer> layers, Slab.Layout learnt, Slab.Layout kept) {
    long[] starts = new long[layers.size() + 1];
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).tensors().forEach(tensor -> tensor.addTo(learnt, kept));
      starts[i + 1] = learnt.size();
    }
    return starts;
  }

  /** Refuses to freeze other numbers of layers than leave one to learn. */
  void requireFreezable(int count) {
    int depth = depth();
    if (count < 0 || count >= depth) {
      throw new IllegalArgumentException(
          String.format("can freeze 0 to %d of %d layers, not %d", depth - 1, depth, count));
    }
  }

  /**
   * Reads what {@link #toString} wrote; initializers are zeros, and orthogonal from state to state.
   *
   * @throws IllegalArgumentException if the text is none, with the word that is wrong
   */
  public static Architecture parse(String text) {
    return new ArchitectureText(text).read();
  }

  /** Returns the words that {@link #parse} reads, as in {@code 784 256:relu 10:identity}. */
  @Override
  public String toString() {
    String words = layers.stream().map(LayerSpec::toString).collect(Collectors.joining(" "));
    return (steps == 0 ? features : steps + "x" + features) + " " + words;
  }
}
