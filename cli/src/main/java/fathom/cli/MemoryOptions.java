package fathom.cli;

import fathom.nn.Architecture;
import fathom.nn.Network;
import fathom.nn.Plan;
import picocli.CommandLine.Option;

/** What memory is saved at the price of time. */
final class MemoryOptions {
  private static final String AUTO = "auto";

  @Option(
      names = "--recompute",
      paramLabel = "K",
      description =
          "Keep the outputs of every K-th layer for the way back and compute the others again: less"
              + " memory, for one more forward pass a step. auto takes the square root of the"
              + " depth.")
  private String recompute;

  /** Checks what can be checked before there are data. */
  void check() {
    boolean unused = isAuto() || number() > 0;
  }

  private boolean isAuto() {
    return recompute != null && recompute.equalsIgnoreCase(AUTO);
  }

  private int number() {
    if (recompute == null) {
      return 1;
    }
    try {
      int every = Integer.parseInt(recompute);
      if (every >= 1) {
        return every;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new BadInput("--recompute must be auto or a number of at least 1, not " + recompute);
  }

  /** Returns the K of a network, 1 if nothing is computed again. */
  int every(Architecture architecture) {
    return isAuto() ? Plan.squareRoot(architecture) : number();
  }

  /** Lets a network in training save what was asked for. */
  void apply(Network network) {
    if (recompute != null) {
      network.recompute(every(network.architecture()));
    }
  }
}
