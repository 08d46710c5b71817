package fathom.cli;

import com.sun.management.OperatingSystemMXBean;
import fathom.nn.Memory;
import fathom.nn.NetworkBuilder;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * The memory of a network in training, reckoned before it is asked for: the system may promise more
 * than it has, and end the process when it is used.
 */
final class Footprint {
  private static final double GIGABYTE = 1e9;

  private Footprint() {}

  /** Returns the memory of the machine, or of the container, in bytes. */
  static long machine() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  /**
   * Returns the bytes of a training.
   *
   * @param batch the most samples of a step
   * @param moments what the optimizer keeps of each parameter
   * @param copies how many copies of parameters and statistics others keep
   */
  static double bytes(NetworkBuilder network, int batch, int moments, int copies) {
    Memory memory = network.memory(batch);
    return (2.0 + moments + copies) * memory.parameters()
        + (1.0 + copies) * memory.statistics()
        + memory.training()
        + memory.inference();
  }

  /**
   * Refuses a network that cannot fit.
   *
   * @param parameters how many weights and biases its dense layers have
   * @param samples the most that go through it together
   * @param copies how many copies of it others keep
   * @throws BadInput if it needs more memory than there is
   */
  static void require(
      NetworkBuilder network, double parameters, LearningOptions how, int samples, int copies) {
    int moments = how.optimizer().moments().size();
    // What is too large by its weights alone is not laid out.
    double bytes = Float.BYTES * (2.0 + moments + copies) * parameters;
    if (bytes <= machine()) {
      bytes = bytes(network, samples, moments, copies);
    }
    if (bytes > machine()) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "a network of %.3g parameters needs %.3g GB to train, and this machine has %.3g GB;"
                  + " use fewer or smaller layers, or smaller batches",
              parameters,
              bytes / GIGABYTE,
              machine() / GIGABYTE));
    }
  }
}
