package fathom.cli;

import com.sun.management.OperatingSystemMXBean;
import fathom.data.Dataset;
import java.lang.management.ManagementFactory;
import java.util.List;
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
   * Refuses a network that cannot fit.
   *
   * @throws BadInput if it needs more memory than there is
   */
  static void require(NetworkOptions shape, LearningOptions how, Dataset data) {
    int inputs = data.features();
    int outputs = data.outputs();
    double parameters = 0;
    double units = outputs + shape.hidden().stream().mapToDouble(n -> n).sum();
    RecurrentOptions recurrent = shape.recurrent();
    if (recurrent.given()) {
      int steps = recurrent.steps(inputs, data.imageHeight());
      parameters = recurrent.parameters(inputs / steps);
      units += steps * recurrent.numbersOfStep();
      inputs = recurrent.outputs();
    }
    parameters += parameters(shape.hidden(), inputs, outputs);
    int samples = Math.max(how.batch(), shape.samplesBefore());
    int slabs = 2 + how.optimizer().moments().size();
    double bytes = Float.BYTES * (slabs * parameters + 2 * units * samples);
    if (bytes > machine()) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "a network of %.3g parameters needs %.3g GB to train, and this machine has %.3g GB;"
                  + " use fewer or smaller layers",
              parameters,
              bytes / GIGABYTE,
              machine() / GIGABYTE));
    }
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
}
