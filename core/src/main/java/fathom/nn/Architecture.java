package fathom.nn;

import fathom.matrix.Slab;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The layers of a network in order, as they are described one by one: in Java by {@link
 * NetworkBuilder}, or in the words that a model's file holds.
 */
final class Architecture {
  private static final int MAX_UNITS = 1 << 26;

  /** Where a residual block began. */
  private record Block(String prefix, int module, int units, int layers) {}

  private final List<Layer> layers = new ArrayList<>();
  private final Deque<Block> blocks = new ArrayDeque<>();
  private int width;
  private String prefix = "";
  private int module;

  /** Steps of the sequence that a row is; 0 if it is none. */
  private int steps;

  /** Numbers of a step, as a row has them. */
  private int features;

  private int window;

  Architecture(int inputs) {
    width = positive("an input row", inputs);
  }

  Architecture(int steps, int features) {
    long numbers = (long) positive("a sequence", steps) * positive("a step", features);
    if (numbers > MAX_UNITS) {
      throw new IllegalArgumentException(
          String.format(
              "a sequence of %d steps of %d numbers passes the %d that an input row may have",
              steps, features, MAX_UNITS));
    }
    width = (int) numbers;
    this.steps = steps;
    this.features = features;
  }

  /** Returns the layers, each without parameters. */
  List<Layer> fresh() {
    if (layers.isEmpty()) {
      throw new IllegalStateException("a network needs at least one layer");
    }
    if (!blocks.isEmpty()) {
      throw new IllegalStateException("a residual block was begun and not ended");
    }
    return layers.stream().map(layer -> layer.times(layer.times())).toList();
  }

  private void add(Layer layer) {
    layers.add(layer);
    module += layer.modules();
    width = layer.out;
  }

  /** Adds a recurrent layer; the one before passes its whole sequence on, step by step. */
  void recurrent(Recurrent.Kind kind, int units, Activation activation, Initializer initializer) {
    positive("a layer", units);
    int below = layers.size() - 1;
    while (below >= 0 && !(layers.get(below) instanceof Recurrent)) {
      below--;
    }
    boolean begun = below >= 0 || layers.isEmpty();
    if (steps == 0 || !begun || !blocks.isEmpty()) {
      throw new IllegalArgumentException(
          "a recurrent layer needs a sequence: start with Network.sequence(steps, features) and a"
              + " recurrent layer, and put none into a residual block");
    }
    int numbers = below < 0 ? features : width;
    requireSize((long) kind.gates * Math.max(units, numbers));
    if (below >= 0) {
      layers.set(below, ((Recurrent) layers.get(below)).returningSequence());
      for (int i = below + 1; i < layers.size(); i++) {
        requireSize(layers.get(i).out);
        layers.set(i, layers.get(i).times(steps));
      }
    }
    add(
        new Recurrent(
            kind, steps, numbers, units, activation, initializer, window, prefix, module));
  }

  private void requireSize(long units) {
    if (steps * units > MAX_UNITS) {
      throw new IllegalArgumentException(
          String.format("%d units over %d steps are too many for a layer", units, steps));
    }
  }

  /** Lets gradients flow back some steps at most, in all recurrent layers. */
  void truncate(int steps) {
    window = positive("a gradient's way back", steps);
    layers.replaceAll(layer -> layer instanceof Recurrent r ? r.truncated(window) : layer);
  }

  /** Replaces the last layer, which has to be recurrent. */
  void lastRecurrent(String what, UnaryOperator<Recurrent> change) {
    int last = layers.size() - 1;
    if (last < 0 || !(layers.get(last) instanceof Recurrent)) {
      throw new IllegalStateException(what + " is for a recurrent layer, right behind it");
    }
    layers.set(last, change.apply((Recurrent) layers.get(last)));
  }

  void dense(int units, Activation activation, Initializer initializer) {
    positive("a layer", units);
    add(new Dense(width, units, activation, initializer, true, prefix, module));
  }

  /** Takes the bias from the last layer. */
  void noBias() {
    int last = layers.size() - 1;
    if (last < 0 || !(layers.get(last) instanceof Dense)) {
      throw new IllegalStateException("noBias() is for a dense layer, right behind it");
    }
    layers.set(last, ((Dense) layers.get(last)).withoutBias());
  }

  /** Takes the last layer away, which must be dense and outside of residual blocks. */
  void removeHead() {
    int last = layers.size() - 1;
    if (last < 0 || !(layers.get(last) instanceof Dense) || !blocks.isEmpty()) {
      throw new IllegalStateException(
          "only a dense layer can be replaced as the head, and the last layer is "
              + (last < 0 ? "none" : layers.get(last)));
    }
    Layer head = layers.remove(last);
    module -= head.modules();
    width = head.in;
  }

  void batchNorm(Activation activation, float momentum, float epsilon) {
    add(new BatchNorm(width, activation, momentum, epsilon, prefix, module));
  }

  void layerNorm(Activation activation, float epsilon) {
    add(new LayerNorm(width, activation, epsilon, prefix, module));
  }

  void activation(Activation activation) {
    add(new Activate(width, activation, prefix, module));
  }

  void noise(Dropout.Kind kind, double p) {
    add(new Dropout(width, kind, p, layers.size(), prefix, module));
  }

  void begin() {
    blocks.push(new Block(prefix, module, width, layers.size()));
    add(new Residual.Fork(width, prefix, module));
    prefix += module + ".";
    module = 0;
  }

  void end(float scale) {
    Block block = blocks.pop();
    if (layers.size() == block.layers + 1) {
      throw new IllegalArgumentException("a residual block needs a layer in its branch");
    }
    if (width != block.units) {
      throw new IllegalArgumentException(
          String.format(
              "a residual block takes %d units and its branch gives %d: end the branch with a layer"
                  + " of %d",
              block.units, width, block.units));
    }
    prefix = block.prefix;
    module = block.module;
    add(new Residual.Join(width, scale, prefix, module));
  }

  private static int positive(String what, int size) {
    if (size < 1) {
      throw new IllegalArgumentException(what + " needs at least one unit, not " + size);
    }
    return size;
  }

  /** Returns the shapes of parameters and statistics by name, as PyTorch has them. */
  Map<String, List<Long>> tensors() {
    return tensors(layers);
  }

  static Map<String, List<Long>> tensors(List<Layer> layers) {
    Slab.Layout learnt = new Slab.Layout();
    Slab.Layout kept = new Slab.Layout();
    layers.forEach(layer -> layer.addTo(learnt, kept));
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (Slab.Layout layout : List.of(learnt, kept)) {
      layout.names().forEach(name -> shapes.put(name, List.of((long) layout.rows(name))));
    }
    shapes.putAll(weights(layers));
    return shapes;
  }

  /** Returns the names and shapes of the parameters that are matrices. */
  static Map<String, List<Long>> weights(List<Layer> layers) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    layers.forEach(layer -> layer.weights(shapes));
    return shapes;
  }

  /** Lays out what is learnt and what is kept; returns where each layer's begins, and the end. */
  static long[] place(List<Layer> layers, Slab.Layout learnt, Slab.Layout kept) {
    long[] starts = new long[layers.size() + 1];
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).addTo(learnt, kept);
      starts[i + 1] = learnt.size();
    }
    return starts;
  }

  /** Returns the words that {@link #parse} reads. */
  static String text(int inputs, List<Layer> layers) {
    String row =
        layers.get(0) instanceof Recurrent r ? r.steps + "x" + r.features : String.valueOf(inputs);
    return row + " " + layers.stream().map(Layer::text).collect(Collectors.joining(" "));
  }

  /**
   * Reads what {@link #text} wrote; no initializer is drawn.
   *
   * @throws IllegalArgumentException if it is none, with the word that is wrong
   */
  static Architecture parse(String text) {
    String[] words = text.split(" ", -1);
    String[] row = words[0].split("x", 2);
    Architecture parsed =
        row.length == 1
            ? new Architecture(size(row[0]))
            : new Architecture(size(row[0]), size(row[1]));
    for (int i = 1; i < words.length; i++) {
      parsed.add(words[i]);
    }
    if (parsed.layers.isEmpty() || !parsed.blocks.isEmpty()) {
      throw new IllegalArgumentException("'" + text + "' breaks off");
    }
    return parsed;
  }

  private void add(String word) {
    String[] parts = word.split(":", -1);
    switch (parts[0]) {
      case "batch_norm" -> batchNorm(activation(parts, word), number(parts, 2), number(parts, 3));
      case "layer_norm" -> layerNorm(activation(parts, word), number(parts, 2));
      case "activation" -> activation(activation(parts, word));
      case "dropout" -> noise(Dropout.Kind.DROPOUT, exact(parts, 1));
      case "alpha_dropout" -> noise(Dropout.Kind.ALPHA_DROPOUT, exact(parts, 1));
      case "noise" -> noise(Dropout.Kind.NOISE, exact(parts, 1));
      case "rnn" -> recurrent(Recurrent.Kind.RNN, parts, activation(parts, word), 2);
      case "gru" -> recurrent(Recurrent.Kind.GRU, parts, Activation.TANH, 1);
      case "lstm" -> recurrent(Recurrent.Kind.LSTM, parts, Activation.TANH, 1);
      case "[" -> begin();
      case "]" -> {
        if (blocks.isEmpty()) {
          throw new IllegalArgumentException("'" + word + "' ends a block that was not begun");
        }
        end(number(parts, 1));
      }
      default -> {
        dense(size(parts[0]), activation(parts, word), Initializer.ZEROS);
        if (parts.length > 2 && parts[2].equals("no_bias")) {
          noBias();
        }
      }
    }
  }

  private void recurrent(Recurrent.Kind kind, String[] parts, Activation activation, int units) {
    window = 0;
    if (parts.length < units + 1) {
      throw new IllegalArgumentException("'" + String.join(":", parts) + "' names no units");
    }
    recurrent(kind, size(parts[units]), activation, Initializer.ZEROS);
    if (parts.length > units + 1) {
      int steps = size(parts[units + 1]);
      lastRecurrent("truncation", r -> r.truncated(steps));
    }
  }

  private static Activation activation(String[] parts, String word) {
    if (parts.length < 2) {
      throw new IllegalArgumentException("'" + word + "' names no activation");
    }
    return Activation.named(parts[1]);
  }

  private static int size(String text) {
    try {
      int size = Integer.parseInt(text);
      if (size >= 1 && size <= MAX_UNITS) {
        return size;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("'" + text + "' is no number of units");
  }

  private static float number(String[] parts, int at) {
    return (float) exact(parts, at);
  }

  private static double exact(String[] parts, int at) {
    try {
      return Double.parseDouble(parts[at]);
    } catch (ArrayIndexOutOfBoundsException | NumberFormatException e) {
      throw new IllegalArgumentException("'" + String.join(":", parts) + "' lacks a number", e);
    }
  }
}
