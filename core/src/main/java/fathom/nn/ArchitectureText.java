package fathom.nn;

/** Reads the words of an architecture, one for each layer. */
final class ArchitectureText {
  private static final int MAX_UNITS = 1 << 26;

  private final String text;

  ArchitectureText(String text) {
    this.text = text;
  }

  /**
   * Returns the architecture.
   *
   * @throws IllegalArgumentException if the text is none, with the word that is wrong
   */
  Architecture read() {
    String[] words = text.split(" ", -1);
    String[] row = words[0].split("x", 2);
    ArchitectureBuilder builder =
        row.length == 1
            ? new ArchitectureBuilder(0, size(row[0]))
            : new ArchitectureBuilder(size(row[0]), size(row[1]));
    for (int i = 1; i < words.length; i++) {
      add(builder, words[i]);
    }
    if (!builder.isComplete()) {
      throw new IllegalArgumentException("'" + text + "' breaks off");
    }
    return builder.architecture();
  }

  private static void add(ArchitectureBuilder builder, String word) {
    String[] parts = word.split(":", -1);
    switch (parts[0]) {
      case "[" -> builder.begin();
      case "]" -> {
        if (!builder.isInBlock()) {
          throw new IllegalArgumentException("'" + word + "' ends a block that was not begun");
        }
        builder.end(number(parts, 1));
      }
      default -> builder.add(layer(parts, word));
    }
  }

  private static LayerSpec layer(String[] parts, String word) {
    return switch (parts[0]) {
      case "batch_norm" ->
          new BatchNorm(activation(parts, word), number(parts, 2), number(parts, 3));
      case "layer_norm" -> new LayerNorm(activation(parts, word), number(parts, 2));
      case "activation" -> new Activate(activation(parts, word));
      case "dropout" -> new Noise(Noise.Kind.DROPOUT, exact(parts, 1));
      case "alpha_dropout" -> new Noise(Noise.Kind.ALPHA_DROPOUT, exact(parts, 1));
      case "noise" -> new Noise(Noise.Kind.NOISE, exact(parts, 1));
      case "rnn" -> recurrent(Recurrent.Kind.RNN, parts, activation(parts, word), 2);
      case "gru" -> recurrent(Recurrent.Kind.GRU, parts, Activation.TANH, 1);
      case "lstm" -> recurrent(Recurrent.Kind.LSTM, parts, Activation.TANH, 1);
      default -> {
        boolean bias = parts.length < 3 || !parts[2].equals("no_bias");
        int units = size(parts[0]);
        yield new Dense(units, activation(parts, word), Initializer.ZEROS, bias);
      }
    };
  }

  private static Recurrent recurrent(
      Recurrent.Kind kind, String[] parts, Activation activation, int at) {
    if (parts.length < at + 1) {
      throw new IllegalArgumentException("'" + String.join(":", parts) + "' names no units");
    }
    int window = parts.length > at + 1 ? size(parts[at + 1]) : 0;
    return Recurrent.of(kind, size(parts[at]), activation, Initializer.ZEROS, window);
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
