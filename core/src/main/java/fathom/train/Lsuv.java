package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.data.Batch;
import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Dense;
import fathom.nn.Initializer;
import fathom.nn.Layer;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Layer-sequential unit-variance initialization: the weights of each dense layer start orthonormal,
 * and are then, layer by layer from the input, divided by the standard deviation of the layer's
 * sums on a batch, {@code W <- W / sqrt(var(W X))}, until that variance is 1 within a tolerance.
 * The variance is taken over all units and samples together. Inputs should have mean 0 and variance
 * of order 1.
 *
 * <p>A layer sees what the layers below make of the batch in training: dropout and noise of the
 * first step, the batch's own mean and variance in a batch norm, skips with the branch's scale.
 * Frozen layers stay as they are; so do recurrent layers, norms and learnt slopes, which are scaled
 * by nobody. Running statistics are what they were. Where an activation's mean is far from 0, as
 * the logistic's, much of the variance is that of the units' means, which tells nothing of the
 * samples: there a norm does what this cannot.
 *
 * <p>The same network, seed and batch give the same weights, bit for bit, on any number of threads.
 * Costs about two passes forward, and a copy of the parameters while it lasts.
 *
 * @see <a href="https://arxiv.org/abs/1511.06422">Mishkin and Matas, All you need is a good init,
 *     2016</a>
 */
public final class Lsuv {
  /** How far from 1 a variance may be unless told otherwise, as in the paper. */
  public static final double TOLERANCE = 0.1;

  /** How often a layer is scaled at most unless told otherwise. */
  public static final int TRIALS = 10;

  private Lsuv() {}

  /**
   * What was done to a layer.
   *
   * @param layer which of the network's layers, from 0
   * @param weight the name of its weights, as in {@code 0.weight}
   * @param before the variance of its sums with orthonormal weights
   * @param variance the variance of its sums as it is now
   * @param scale what the orthonormal weights were multiplied by
   * @param trials how often they were scaled, 0 if their variance was good as it was
   */
  public record Scaled(
      int layer, String weight, double before, double variance, double scale, int trials) {}

  /** As {@link #initialize(Network, Batch, double, int)}, with the paper's numbers. */
  public static List<Scaled> initialize(Network network, Batch batch) {
    return initialize(network, batch, TOLERANCE, TRIALS);
  }

  /**
   * Draws the weights of all dense layers that learn anew, from the network's seed, scales them,
   * and sets their biases to zero. Labels and targets are not looked at. Waits until no other call
   * uses the network.
   *
   * @param batch rows of the data, some hundred: a variance of few is far off
   * @param tolerance how far from 1 a variance may be; above 0
   * @param trials how often a layer is scaled at most; at least 1
   * @return what was done, layer by layer from the input
   * @throws IllegalArgumentException if an argument is out of range, the rows do not fit, no dense
   *     layer learns, or a layer's sums have no positive finite variance; the network is then as it
   *     was
   * @throws IllegalStateException if the network was closed
   */
  public static List<Scaled> initialize(
      Network network, Batch batch, double tolerance, int trials) {
    if (!(tolerance > 0 && tolerance < 1) || trials < 1) {
      throw new IllegalArgumentException(
          String.format(
              "LSUV takes a tolerance above 0 and below 1 and at least 1 trial, not %s and %d",
              tolerance, trials));
    }
    Matrix x = batch.inputs();
    if (x.cols() != network.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              "the batch has rows of %d numbers, the network takes rows of %d",
              x.cols(), network.inputs()));
    }
    Map<Integer, Layer> dense = dense(network);
    if (dense.isEmpty()) {
      throw new IllegalArgumentException(
          "LSUV scales dense layers that learn, and this network has none");
    }
    try (Arena arena = Arena.ofShared()) {
      // Products read by address: the dataset may be closed meanwhile.
      Matrix rows = Matrix.allocate(arena, x.rows(), x.cols());
      rows.copyFrom(x);
      Calibration calibration = new Calibration(network, dense, rows, tolerance, trials);
      long stamp = network.beginStep();
      try {
        Slab parameters = copy(network.parameters(), arena);
        Slab statistics = copy(network.statistics(), arena);
        calibration.run();
        network.statistics().segment().copyFrom(statistics.segment());
        if (calibration.failure != null) {
          network.parameters().segment().copyFrom(parameters.segment());
          throw new IllegalArgumentException(calibration.failure);
        }
      } finally {
        network.endStep(stamp);
      }
      return calibration.done;
    }
  }

  private static Slab copy(Slab slab, Arena arena) {
    Slab copy = new Slab(slab.layout(), arena);
    copy.segment().copyFrom(slab.segment());
    return copy;
  }

  /** Returns the dense layers that learn, in order; no other has sums that are scaled. */
  private static Map<Integer, Layer> dense(Network network) {
    Map<Integer, Layer> dense = new LinkedHashMap<>();
    for (int layer = network.frozen(); layer < network.depth(); layer++) {
      if (network.layer(layer).spec() instanceof Dense) {
        dense.put(layer, network.layer(layer));
      }
    }
    return dense;
  }

  /** The way forward, on which layers are scaled. */
  private static final class Calibration extends Task {
    final List<Scaled> done = new ArrayList<>();
    String failure;

    private final Network network;
    private final Engine engine;
    private final Map<Integer, Layer> dense;
    private final Matrix x;
    private final double tolerance;
    private final int most;
    private final double[] means;
    private final double[] squares;
    private Pass pass;

    // Of the layer under way.
    private double before;
    private double scale = 1;
    private float factor;
    private boolean again;
    private int trials;

    Calibration(Network network, Map<Integer, Layer> dense, Matrix x, double tolerance, int most) {
      this.network = network;
      engine = network.engine();
      this.dense = dense;
      this.x = x;
      this.tolerance = tolerance;
      this.most = most;
      int widest = dense.values().stream().mapToInt(Layer::out).max().orElse(0);
      means = new double[widest];
      squares = new double[widest];
    }

    private static String weight(Layer layer) {
      return layer.parameterNames().get(0);
    }

    void run() {
      dense.forEach(
          (index, layer) -> {
            Slab parameters = network.parameters();
            Matrix w = parameters.get(weight(layer));
            Initializer.ORTHOGONAL.fill(engine, w, w.cols(), w.rows(), network.seed(), index);
            if (((Dense) layer.spec()).bias()) {
              Matrix b = parameters.get(layer.parameterNames().get(1));
              engine.kernels().fill().constant(b.segment(), b.offset(), 0, b.rows(), 0);
            }
          });
      pass = network.pass(x.rows());
      pass.step(0);
      engine.run(this, pass.worthSharing());
    }

    @Override
    protected void share(Member member) {
      pass.forward(member, x, this::look);
    }

    private boolean look(Member member, int layer, Matrix w, Matrix z) {
      int from = member.from(w.rows());
      int to = member.to(w.rows());
      for (int r = from; r < to; r++) {
        measure(z, r);
      }
      member.barrier();
      if (member.index() == 0) {
        decide(layer, variance(z.rows(), z.cols()));
      }
      member.barrier();
      if (!again) {
        return false;
      }
      engine.kernels().update().scale(w.segment(), w.offset(from), w.offset(to), factor);
      return true;
    }

    /** A unit's mean over the samples, and the sum of squares about it. */
    private void measure(Matrix z, int row) {
      double mean = 0;
      for (int c = 0; c < z.cols(); c++) {
        mean += z.segment().get(JAVA_FLOAT, z.byteOffset(row, c));
      }
      mean /= z.cols();
      double sum = 0;
      for (int c = 0; c < z.cols(); c++) {
        double d = z.segment().get(JAVA_FLOAT, z.byteOffset(row, c)) - mean;
        sum += d * d;
      }
      means[row] = mean;
      squares[row] = sum;
    }

    /** Adds up the units', in their order: that of the sums does not depend on who made them. */
    private double variance(int rows, int cols) {
      double mean = 0;
      for (int r = 0; r < rows; r++) {
        mean += means[r] / rows;
      }
      double sum = 0;
      for (int r = 0; r < rows; r++) {
        sum += squares[r] + cols * (means[r] - mean) * (means[r] - mean);
      }
      return sum / ((double) rows * cols);
    }

    /** Sets whether the weights are to be multiplied, and by what. */
    private void decide(int layer, double variance) {
      before = trials == 0 ? variance : before;
      factor = (float) (1 / Math.sqrt(variance));
      boolean sound = factor > 0 && factor < Float.POSITIVE_INFINITY;
      again = sound && failure == null && !(Math.abs(variance - 1) < tolerance) && trials < most;
      if (again) {
        scale *= factor;
        trials++;
        return;
      }
      if (!sound && failure == null) {
        failure =
            String.format(
                "LSUV cannot scale layer %d (%s): its sums have variance %s on this batch; look at"
                    + " the rows, and at the activation below",
                layer, network.layer(layer).brief(), variance);
      }
      done.add(new Scaled(layer, weight(dense.get(layer)), before, variance, scale, trials));
      scale = 1;
      trials = 0;
    }
  }
}
