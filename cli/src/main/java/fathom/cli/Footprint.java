package fathom.cli;

import fathom.nn.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The memory of a network in training, reckoned before it is asked for: the system may promise more
 * than it has, and end the process when it is used.
 *
 * @param parameters how many there are
 * @param copies slabs of their size: parameters, gradients, moments
 * @param moments how many of the copies are the optimizer's
 * @param outputs bytes of outputs and their gradients
 * @param keepingLess the same bytes if outputs were computed again, or NaN if they are
 */
record Footprint(double parameters, int copies, int moments, double outputs, double keepingLess) {
  /** Below this share, it does not help to save outputs. */
  private static final double WORTH_SAVING = 0.05;

  /** Reckons a network that is to be built. */
  static Footprint of(
      NetworkOptions shape, LearningOptions how, MemoryOptions saving, int inputs, int outputs) {
    List<Integer> hidden = shape.hidden();
    int moments = how.optimizer().moments().size();
    int every = saving.every(hidden.size() + 1);
    double kept = outputUnits(hidden, outputs, every);
    double least = outputUnits(hidden, outputs, root(hidden.size() + 1));
    double perUnit = 2.0 * Float.BYTES * how.batch();
    return new Footprint(
        parameters(hidden, inputs, outputs),
        2 + moments,
        moments,
        perUnit * kept,
        every > 1 ? Double.NaN : perUnit * least);
  }

  /** Reckons what a network takes to be trained beside the parameters that it has. */
  static Footprint of(Network network, LearningOptions how) {
    int moments = how.optimizer().moments().size();
    return new Footprint(network.parameterCount(), 1 + moments, moments, 0, Double.NaN);
  }

  private static int root(int layers) {
    return (int) Math.round(Math.sqrt(layers));
  }

  private static double parameters(List<Integer> hidden, int inputs, int outputs) {
    double sum = 0;
    double in = inputs;
    for (int units : hidden) {
      sum += (in + 1) * units;
      in = units;
    }
    return sum + (in + 1) * outputs;
  }

  /** Returns the units whose outputs are kept if every k-th layer's are, and a run's between. */
  private static double outputUnits(List<Integer> hidden, int outputs, int k) {
    double sum = outputs;
    double widest = 0;
    for (int i = 0; i < hidden.size(); i++) {
      sum += (i + 1) % k == 0 ? hidden.get(i) : 0;
      widest = Math.max(widest, hidden.get(i));
    }
    return sum + Math.min(k - 1, hidden.size()) * widest;
  }

  /** Returns the bytes of all. */
  double bytes() {
    return Float.BYTES * copies * parameters + outputs;
  }

  /**
   * Refuses a network that does not fit into the memory that is free.
   *
   * @throws BadInput if it needs more, with both figures and what would help
   */
  Footprint require() {
    return require(Memory.available(), Memory.total());
  }

  /** As {@link #require()} for other figures. */
  Footprint require(long available, long total) {
    if (bytes() > available) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "a network of %.3g parameters needs %.3g GB to train (%d x %s, outputs %s), and %s of"
                  + " this machine's %s are free; use %s",
              parameters,
              bytes() / 1e9,
              copies,
              Memory.text(Float.BYTES * parameters),
              Memory.text(outputs),
              Memory.text((double) available),
              Memory.text((double) total),
              String.join(", or ", remedies(available))));
    }
    return this;
  }

  /** Returns what would make it fit, by itself or all of it together. */
  private List<String> remedies(long available) {
    double plain = Float.BYTES * (copies - moments) * parameters + outputs;
    List<String> remedies = new ArrayList<>();
    if (outputs > WORTH_SAVING * bytes()) {
      remedies.add("a smaller --batch");
      if (keepingLess < outputs) {
        double less = bytes() - outputs + keepingLess;
        remedies.add("--recompute auto, which needs " + Memory.text(less));
      }
    }
    if (moments > 0 && plain <= available) {
      remedies.add("--optimizer sgd, which needs " + Memory.text(plain));
    }
    remedies.add("fewer or smaller layers");
    return remedies;
  }
}
