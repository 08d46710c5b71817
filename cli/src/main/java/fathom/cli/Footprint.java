package fathom.cli;

import fathom.data.Rows;
import fathom.nn.Architecture;
import fathom.nn.Memory;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.Plan;
import fathom.nn.Tensor;
import fathom.optim.Optimizer;
import java.util.ArrayList;
import java.util.Arrays;
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

  /**
   * Reckons a network that is to be built.
   *
   * @param parameters how many weights and biases it has
   * @param every which layers keep their outputs: every k-th
   * @param root the k that saves most
   * @param samples the most that go through it together
   * @param kept how many copies of it others keep
   */
  static Footprint of(
      NetworkBuilder network,
      double parameters,
      LearningOptions how,
      int every,
      int root,
      int samples,
      int kept) {
    return of(network, parameters, how.optimizer(), every, root, samples, kept);
  }

  /** Reckons a network that keeps all outputs, and of which nobody keeps copies. */
  static Footprint of(NetworkBuilder network, double parameters, Optimizer how, int samples) {
    return of(network, parameters, how, 1, 1, samples, 0);
  }

  private static Footprint of(
      NetworkBuilder network,
      double parameters,
      Optimizer how,
      int every,
      int root,
      int samples,
      int kept) {
    int moments = how.moments().size();
    int copies = 2 + moments + kept;
    if (Float.BYTES * copies * parameters > MachineMemory.total()) {
      // What is too large by its weights alone is not laid out.
      return new Footprint(parameters, copies, moments, 0, Double.NaN);
    }
    double outputs = passes(network.memory(samples, every), kept);
    double less =
        every > 1
            ? Double.NaN
            : root == every ? outputs : passes(network.memory(samples, root), kept);
    return new Footprint(parameters, copies, moments, outputs, less);
  }

  /**
   * Reckons a network that is there, and is to be trained with as many layers frozen as it has.
   *
   * @param train what it is to be trained on
   * @param kept how many copies of it others keep
   */
  static Footprint of(
      Network network, LearningOptions how, MemoryOptions saving, Rows train, int kept) {
    int moments = how.optimizer().moments().size();
    NetworkBuilder same = Network.of(network.architecture()).engine(network.engine());
    int samples = Math.clamp(how.batch(), 1, Math.max(1, train.size()));
    int frozen = network.frozen();
    int every = saving.every(network.architecture());
    int root = Plan.squareRoot(network.architecture());
    return new Footprint(
        network.parameterCount(),
        2 + moments + kept,
        moments,
        passes(same.memory(samples, every, frozen), kept),
        every > 1 ? Double.NaN : passes(same.memory(samples, root, frozen), kept));
  }

  /** Returns how many numbers are learnt, of networks also that no machine could hold. */
  static double parameters(Architecture architecture) {
    return architecture.placed().stream()
        .flatMap(layer -> layer.tensors().stream())
        .filter(Tensor::isLearnt)
        .mapToDouble(Tensor::numbers)
        .sum();
  }

  /** Returns the bytes of all but the parameters and their copies. */
  private static double passes(Memory memory, int kept) {
    return memory.training() + memory.inference() + (1.0 + kept) * memory.statistics();
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
    return require(MachineMemory.available(), MachineMemory.total());
  }

  /** As {@link #require()} of a network that is there. */
  Footprint requireBeside(Network network) {
    long held = network.parameters().segment().byteSize();
    return require(MachineMemory.available() + held, MachineMemory.total());
  }

  /** As {@link #require()} for other figures. */
  Footprint require(long available, long total) {
    if (bytes() > available) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "a network of %.3g parameters needs %s to train (%d x %s, outputs %s), and %s of"
                  + " this machine's %s are free; use %s",
              parameters,
              MachineMemory.text(bytes()),
              copies,
              MachineMemory.text(Float.BYTES * parameters),
              MachineMemory.text(outputs),
              MachineMemory.text((double) available),
              MachineMemory.text((double) total),
              String.join(", or ", remedies(available))));
    }
    return this;
  }

  /**
   * Refuses networks of which the largest, as many as are trained at once, do not fit into the
   * memory that is free.
   *
   * @throws BadInput if they do not, with both figures and what would help
   */
  static void requireAtOnce(List<Footprint> all, int atOnce) {
    requireAtOnce(all, atOnce, MachineMemory.available(), MachineMemory.total());
  }

  /** As {@link #requireAtOnce(List, int)} for other figures. */
  static void requireAtOnce(List<Footprint> all, int atOnce, long available, long total) {
    double[] sizes = all.stream().mapToDouble(Footprint::bytes).sorted().toArray();
    int count = Math.min(atOnce, sizes.length);
    double bytes = Arrays.stream(sizes, sizes.length - count, sizes.length).sum();
    if (bytes > available) {
      boolean alone = count > 1 && sizes[sizes.length - 1] <= available;
      throw new BadInput(
          String.format(
              "the largest %s of the grid %s %s to train, and %s of this machine's %s are free; use"
                  + " fewer or smaller layers, or a smaller --batch%s",
              count == 1 ? "network" : count + " networks",
              count == 1 ? "needs" : "need together",
              MachineMemory.text(bytes),
              MachineMemory.text((double) available),
              MachineMemory.text((double) total),
              alone ? ", or fewer --threads" : ""));
    }
  }

  /** Returns what would make it fit, by itself or all of it together. */
  private List<String> remedies(long available) {
    double plain = Float.BYTES * (copies - moments) * parameters + outputs;
    List<String> remedies = new ArrayList<>();
    if (outputs > WORTH_SAVING * bytes()) {
      remedies.add("a smaller --batch");
      if (keepingLess < outputs) {
        double less = bytes() - outputs + keepingLess;
        remedies.add("--recompute auto, which needs " + MachineMemory.text(less));
      }
    }
    if (moments > 0 && plain <= available) {
      remedies.add("--optimizer sgd, which needs " + MachineMemory.text(plain));
    }
    remedies.add("fewer or smaller layers");
    return remedies;
  }
}
