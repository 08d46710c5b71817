package fathom.train;

import fathom.data.Batch;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.ValueLayout;

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
      if (place(pass.output(i)) != null) {
        restore(pass, x, unseen);
        for (int below = unseen; below < i; below++) {
          if (place(pass.output(below)) != null) {
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

  private TrainingDivergedException ofBatch(Batch batch) {
    int[] place = place(batch.inputs());
    if (place != null) {
      return badData("inputs", batch.inputs(), place);
    }
    place = batch.targets() == null ? null : place(batch.targets());
    return place == null ? null : badData("targets", batch.targets(), place);
  }

  private TrainingDivergedException badData(String what, Matrix rows, int[] place) {
    String where =
        String.format(
            "the data: %s in row %d, column %d of the batch's %s; no rate helps against that, clean"
                + " the row or leave it out",
            rows.get(place[0], place[1]), place[0] + 1, place[1] + 1, what);
    return diverged(where, -1, null, true);
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
    return "layer " + (layer + 1) + " of " + network.depth() + " (" + network.describe(layer) + ")";
  }

  /** Returns the first of a layer's tensors that is not finite, or null. */
  private String tensorOf(Slab slab, int layer) {
    for (String name : network.parameterNames(layer)) {
      if (place(slab.get(name)) != null) {
        return name;
      }
    }
    return null;
  }

  private static int[] place(Matrix matrix) {
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        long at = matrix.byteOffset(r, c);
        if (!Float.isFinite(matrix.segment().get(ValueLayout.JAVA_FLOAT, at))) {
          return new int[] {r, c};
        }
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
