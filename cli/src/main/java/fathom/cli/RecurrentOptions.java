package fathom.cli;

import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.NetworkBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Recurrent layers below the hidden ones: they read each row as a sequence of steps. */
final class RecurrentOptions {
  private static final int UNITS = 128;

  private enum Kind {
    ELMAN("elman"),
    ELMAN_RELU("elman-relu"),
    GRU("gru"),
    LSTM("lstm");

    private final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  private record Layer(Kind kind, int units) {}

  @Option(
      names = "--recurrent",
      paramLabel = "KIND[:UNITS],...",
      hideParamSyntax = true,
      split = Commas.COMMA,
      preprocessor = Commas.class,
      description =
          "Read each row as a sequence, by layers of elman, elman-relu, gru or lstm, such as"
              + " gru:64,gru:64; "
              + UNITS
              + " units unless given. Hidden layers come behind the last state, and are none unless"
              + " given; --dropout drops behind each layer.")
  private List<String> recurrent;

  @Option(
      names = "--sequence",
      paramLabel = "T",
      description =
          "Steps of a row, each of as many of its numbers; of images, the rows of pixels unless"
              + " given.")
  private Integer steps;

  @Option(
      names = "--truncate",
      paramLabel = "N",
      description = "Cut sequences into windows of N steps that no gradient leaves by a state.")
  private Integer window;

  @Option(
      names = "--recurrent-init",
      paramLabel = "NAME",
      description =
          "Initializer of the weights from state to state; orthogonal unless given. identity with"
              + " elman-relu remembers long.")
  private String init;

  /** Returns whether there are recurrent layers. */
  boolean given() {
    return recurrent != null;
  }

  /** Returns whether anything was asked for. */
  boolean anyGiven() {
    return given() || steps != null || window != null || init != null;
  }

  /** Checks what can be checked before there are data. */
  void check() {
    if (!given() && anyGiven()) {
      String option =
          steps != null ? "--sequence" : window != null ? "--truncate" : "--recurrent-init";
      throw new BadInput(option + " is for networks with --recurrent; give both or none");
    }
    List<Layer> unused = layers();
    requirePositive("--sequence", steps);
    requirePositive("--truncate", window);
    if (init != null) {
      Initializer unusedInit = Initializer.named(init);
    }
  }

  private static void requirePositive(String option, Integer value) {
    if (value != null && value < 1) {
      throw new BadInput(option + " must be at least 1, not " + value);
    }
  }

  private List<Layer> layers() {
    List<Layer> layers = new ArrayList<>();
    for (String text : recurrent == null ? List.<String>of() : recurrent) {
      String[] parts = text.strip().split(":", 2);
      layers.add(new Layer(kind(parts[0]), parts.length == 1 ? UNITS : units(text, parts[1])));
    }
    return layers;
  }

  private static Kind kind(String word) {
    List<String> known = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      if (kind.word.equals(word.toLowerCase(Locale.ROOT).replace('_', '-'))) {
        return kind;
      }
      known.add(kind.word);
    }
    throw new BadInput(
        "unknown --recurrent '" + word + "' (known: " + String.join(", ", known) + ")");
  }

  private static int units(String text, String number) {
    try {
      int units = Integer.parseInt(number);
      if (units >= 1) {
        return units;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new BadInput("--recurrent '" + text + "' needs a number of units of at least 1");
  }

  /**
   * Returns the steps of a row.
   *
   * @param inputs the numbers of a row
   * @param imageRows the rows of the image that it is, or 0
   * @throws BadInput if the row has no such steps
   */
  int steps(int inputs, int imageRows) {
    int count = steps == null ? imageRows : steps;
    if (count == 0) {
      throw new BadInput(
          "--recurrent needs --sequence T, how many steps the "
              + inputs
              + " numbers of a row are: these data are no images");
    }
    if (inputs % count != 0) {
      throw new BadInput(
          String.format(
              "--sequence %d does not divide the %d numbers of a row into steps of equal length",
              count, inputs));
    }
    return count;
  }

  /**
   * Adds the layers.
   *
   * @param drop what comes behind each
   */
  void add(NetworkBuilder builder, Consumer<NetworkBuilder> drop) {
    for (Layer layer : layers()) {
      switch (layer.kind) {
        case ELMAN -> builder.rnn(layer.units);
        case ELMAN_RELU -> builder.rnn(layer.units, Activation.RELU);
        case GRU -> builder.gru(layer.units);
        case LSTM -> builder.lstm(layer.units);
      }
      if (init != null) {
        builder.recurrent(Initializer.named(init));
      }
      drop.accept(builder);
    }
    if (window != null) {
      builder.truncate(window);
    }
  }
}
