package fathom.train;

import fathom.data.Batch;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.Arena;

/**
 * Looks for the first non-finite number of a step that failed, in the order in which they arise.
 */
final class Diagnosis {
  private static final String OVERFLOW = "; lower the rate, or clip or normalize";
  private static final String EXPLOSION =
      "; gradients explode: lower the rate, or clip or normalize";

  private final Network network;
  private final long step;
  private final float rate;

  /**
   * Looks at a step.
   *
   * @param step its number, from 1
   */
  Diagnosis(Network network, long step, float rate) {
    this.network = network;
    this.step = step;
    this.rate = rate;
  }

  /** Explains a loss that is not finite. */
  TrainingDivergedException ofLoss(Pass pass, Batch batch) {
    TrainingDivergedException data = ofBatch(batch);
    if (data != null) {
      return data;
    }
    int i = firstOutput(pass, batch.inputs());
    if (i >= 0) {
      String tensor = tensorOf(network.parameters(), i);
      String also = tensor == null ? "" : ", and so is " + tensor;
      return diverged("the output of " + name(i) + also + OVERFLOW, i, tensor, false);
    }
    String why =
        String.format(
            "the loss itself, every layer's output being finite, up to %.3g in size: outputs that"
                + " large overflow it%s",
            largest(pass.output()), OVERFLOW);
    return diverged(why, -1, null, false);
  }

  /** Returns the first layer whose output is not finite; -1 if there is none. */
  private int firstOutput(Pass pass, Matrix x) {
    int unseen = 0;
    for (int i = 0; i < pass.layers(); i++) {
      if (pass.output(i) == null || pass.isShared(i)) {
        continue;
      }
      if (!isFinite(pass.output(i))) {
        restore(pass, x, unseen);
        for (int below = unseen; below < i; below++) {
          if (!isFinite(pass.output(below))) {
            return below;
          }
        }
        return i;
      }
      unseen = i + 1;
    }
    return -1;
  }

  private void restore(Pass pass, Matrix x, int layer) {
    Task task =
        new Task() {
          @Override
          protected void share(Member member) {
            pass.restore(member, x, layer);
          }
        };
    network.engine().run(task, pass.worthSharing());
  }

  /** Explains gradients that are not finite, after a loss that is. */
  TrainingDivergedException ofGradients(double norm) {
    String size = Double.isNaN(norm) ? "" : ", the norm of all being " + norm;
    for (int i = network.depth() - 1; i >= 0; i--) {
      String tensor = tensorOf(network.gradients(), i);
      if (tensor != null) {
        String where = "the gradient of " + tensor + " in " + name(i) + size;
        return diverged(where + EXPLOSION, i, tensor, false);
      }
    }
    return diverged("the gradients" + size + EXPLOSION, -1, null, false);
  }

  /**
   * Explains what a step has left, which is not finite.
   *
   * @param kind what the tensor is, in a word and a space, or nothing for a parameter
   */
  TrainingDivergedException ofTensor(String kind, NonFinite found) {
    int layer = -1;
    for (int i = 0; i < network.depth() && layer < 0; i++) {
      layer = network.layer(i).parameterNames().contains(found.tensor()) ? i : -1;
    }
    String where = layer < 0 ? found.tensor() : found.tensor() + " in " + name(layer);
    return diverged(
        String.format("%s%s, as this step left it%s", kind, where, OVERFLOW),
        layer,
        found.tensor(),
        false);
  }

  /** Looks at parameters, statistics and the answers to a batch; returns null if all are sound. */
  TrainingDivergedException ofState(Batch batch) {
    NonFinite tensor;
    long stamp = network.beginReading();
    try {
      tensor = NonFinite.in(network);
    } finally {
      network.endReading(stamp);
    }
    return tensor != null ? ofTensor("", tensor) : ofAnswers(batch);
  }

  private TrainingDivergedException ofAnswers(Batch batch) {
    long reading = batch.beginReading();
    try (Arena arena = Arena.ofShared()) {
      Matrix answers = Matrix.allocate(arena, batch.size(), network.outputs());
      network.predict(batch.inputs(), answers);
      NonFinite found = NonFinite.in("answers", answers);
      if (found == null) {
        return null;
      }
      TrainingDivergedException data = ofBatch(batch);
      String row = found.value() + " for row " + (found.row() + 1) + " of a batch";
      return data != null
          ? data
          : diverged("the answers that this step left: " + row + OVERFLOW, -1, null, false);
    } finally {
      batch.endReading(reading);
    }
  }

  private TrainingDivergedException ofBatch(Batch batch) {
    NonFinite found = NonFinite.in("inputs", batch.inputs());
    if (found == null && batch.targets() != null) {
      found = NonFinite.in("targets", batch.targets());
    }
    return found == null ? null : badData(found);
  }

  private TrainingDivergedException badData(NonFinite found) {
    String where =
        String.format(
            "the data: %s in row %d, column %d of the batch's %s; no rate helps against that, clean"
                + " the row or leave it out",
            found.value(), found.row() + 1, found.column() + 1, found.tensor());
    return diverged(where, -1, null, true);
  }

  private static boolean isFinite(Matrix matrix) {
    return NonFinite.in("", matrix) == null;
  }

  private TrainingDivergedException diverged(
      String where, int layer, String tensor, boolean badData) {
    String message =
        String.format(
            "training diverged at step %d with learning rate %s: the first non-finite number is in"
                + " %s",
            step, rate, where);
    return new TrainingDivergedException(message, step, rate, layer, tensor, badData);
  }

  private String name(int layer) {
    return "layer " + (layer + 1) + " of " + network.depth() + " (" + network.layer(layer) + ")";
  }

  /** Returns the first of a layer's tensors that is not finite, or null. */
  private String tensorOf(Slab slab, int layer) {
    for (String name : network.layer(layer).parameterNames()) {
      if (NonFinite.in(name, slab.get(name)) != null) {
        return name;
      }
    }
    return null;
  }

  private static float largest(Matrix matrix) {
    float most = 0;
    for (float[] row : matrix.toArray()) {
      for (float x : row) {
        most = Math.max(most, Math.abs(x));
      }
    }
    return most;
  }
}
