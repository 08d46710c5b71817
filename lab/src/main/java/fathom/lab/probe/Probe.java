package fathom.lab.probe;

import fathom.data.Batch;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.nn.Tensor;
import fathom.train.BatchFit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Measures what a network does to a batch at its present weights: signals going up, gradients going
 * down, and the Jacobian of the hidden layers. One forward and one backward pass in training mode
 * (batch norm by the batch's statistics, dropout by the draws of step 0), and some forty each for
 * the Jacobian, or as many as it has rows for all of its {@link #spectrum}. Parameters and batch
 * norm's running statistics stay as they are; gradients are overwritten. The same bits on any
 * number of threads.
 *
 * <p>Allocates what it reports. One thread at a time calls a probe; it waits for training steps and
 * predictions under way, as they wait for it. Figures that overflow single precision are infinite
 * or NaN, and gradients too small for it are 0, as they would be in training.
 */
public final class Probe {
  private static final long NOISE = 0x50726F6265L;

  private final Network network;
  private boolean wantsJacobian = true;

  /** Measures a network, which stays the caller's. */
  public Probe(Network network) {
    this.network = network;
  }

  /**
   * Leaves the Jacobian out, which costs most of the time.
   *
   * @return this probe
   */
  public Probe withoutJacobian() {
    wantsJacobian = false;
    return this;
  }

  /**
   * Measures with the gradients of a loss.
   *
   * @throws IllegalArgumentException if the batch does not fit the network or the loss
   */
  public Sounding sound(Batch batch, Loss loss) {
    BatchFit.require(batch, network, loss);
    try (Arena arena = Arena.ofShared()) {
      Loss.Objective objective = loss.bind(network.outputs(), arena);
      Matrix targets = loss.wantsLabels() ? null : transposed(batch.targets());
      return measure(
          batch.inputs(),
          pass ->
              objective.mean(
                  network.engine(), pass.output(), batch.labels(), targets, pass.outputGradient()));
    }
  }

  /**
   * Measures without a loss: the gradient by the outputs is noise, normal with variance 1.
   *
   * @param x inputs, B x n
   * @throws IllegalArgumentException if they do not fit the network
   */
  public Sounding sound(Matrix x, long seed) {
    return measure(
        x,
        pass -> {
          Matrix d = pass.outputGradient();
          network.engine().kernels().fill().normal(d, 0, d.rows(), seed, NOISE, 1);
          return Double.NaN;
        });
  }

  /**
   * Measures without a loss, for a gradient by the outputs that is given.
   *
   * @param x inputs, B x n
   * @param gradient by the outputs, B x m
   * @throws IllegalArgumentException if they do not fit the network
   */
  public Sounding sound(Matrix x, Matrix gradient) {
    if (gradient.rows() != x.rows() || gradient.cols() != network.outputs()) {
      throw new IllegalArgumentException(
          String.format(
              "the gradient is %d x %d, and %d rows of %d outputs want %d x %d",
              gradient.rows(),
              gradient.cols(),
              x.rows(),
              network.outputs(),
              x.rows(),
              network.outputs()));
    }
    return measure(
        x,
        pass -> {
          pass.outputGradient().transposeFrom(gradient);
          return Double.NaN;
        });
  }

  /**
   * Returns all singular values of the Jacobian of {@link fathom.nn.Linearization}, those of all
   * samples together, the largest first: exact but for rounding, relative to the largest that the
   * way through the layers has in between. For small networks and few rows: takes a backward pass
   * for each of {@code B n} units of the last hidden layer, and memory for that number's square.
   *
   * @param x inputs, B x n
   * @throws IllegalArgumentException if they do not fit the network, or it has no such Jacobian
   */
  public double[] spectrum(Matrix x) {
    return undisturbed(
        x,
        (pass, rows) -> {
          run(pass, rows);
          return spectrum(pass).all();
        });
  }

  /** Returns what each layer puts out, units x B, for rows of inputs. */
  public List<float[][]> outputs(Matrix x) {
    return undisturbed(
        x,
        (pass, rows) -> {
          run(pass, rows);
          List<float[][]> outputs = new ArrayList<>();
          for (int i = 0; i < pass.layers(); i++) {
            outputs.add(pass.output(i).toArray());
          }
          return outputs;
        });
  }

  /** Writes the gradient by the outputs, and returns the loss. */
  private interface Start {
    double gradient(Pass pass);
  }

  private Sounding measure(Matrix x, Start start) {
    return undisturbed(x, (pass, rows) -> measure(pass, rows, start));
  }

  /**
   * Looks at passes over a copy of a batch, which nobody can free while products read it by
   * address, and leaves running statistics as they were.
   */
  private <T> T undisturbed(Matrix x, BiFunction<Pass, Matrix, T> look) {
    if (x.cols() != network.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              "the batch has rows of %d numbers, the network takes rows of %d",
              x.cols(), network.inputs()));
    }
    long stamp = network.beginStep();
    try (Arena arena = Arena.ofShared()) {
      Slab statistics = network.statistics();
      MemorySegment kept = arena.allocate(statistics.segment().byteSize());
      kept.copyFrom(statistics.segment());
      Matrix rows = Matrix.allocate(arena, x.rows(), x.cols());
      rows.copyFrom(x);
      try {
        return look.apply(network.pass(x.rows()), rows);
      } finally {
        statistics.segment().copyFrom(kept);
      }
    } finally {
      network.endStep(stamp);
    }
  }

  private void run(Pass pass, Matrix x) {
    pass.step(0);
    network.engine().run(new Forward(pass, x), pass.worthSharing());
  }

  private Spectrum spectrum(Pass pass) {
    return new Spectrum(
        network.engine(), pass.worthSharing(), pass.linearization(), mixes(), network.seed());
  }

  private Sounding measure(Pass pass, Matrix x, Start start) {
    run(pass, x);
    List<LayerSounding> layers = new ArrayList<>();
    for (int i = 0; i < pass.layers(); i++) {
      layers.add(signals(pass, i));
    }
    double loss = start.gradient(pass);
    double[] gradients = new double[pass.layers()];
    Arrays.fill(gradients, Double.NaN);
    pass.watch((layer, d) -> gradients[layer] = new LayerFigures(d).q());
    try {
      network.engine().run(new Backward(pass, x), pass.worthSharing());
    } finally {
      pass.watch(null);
    }
    layers.replaceAll(
        layer -> layer.with(gradients[layer.layer()], weightGradientNorm(layer.layer())));
    layers.removeIf(layer -> Double.isNaN(layer.q()) && Double.isNaN(layer.gradient()));
    Jacobian jacobian = wantsJacobian ? spectrum(pass).estimate() : null;
    LayerFigures inputs = new LayerFigures(transposed(x));
    return new Sounding(x.rows(), loss, inputs.q(), inputs.correlation(), layers, jacobian);
  }

  private static Matrix transposed(Matrix rows) {
    Matrix columns =
        Matrix.allocate(Arena.ofAuto(), /* rows= */ rows.cols(), /* cols= */ rows.rows());
    columns.transposeFrom(rows);
    return columns;
  }

  /** Measures what a layer puts out, if it is there and not what the layer below put out. */
  private LayerSounding signals(Pass pass, int i) {
    Matrix a = pass.output(i);
    if (!pass.isKept(i) || (i > 0 && a == pass.output(i - 1))) {
      return LayerSounding.unknown(i, network.layer(i).brief(), a == null ? 0 : a.rows());
    }
    Activation f = network.layer(i).activation().orElse(null);
    LayerFigures figures = new LayerFigures(a);
    return new LayerSounding(
        i,
        network.layer(i).brief(),
        a.rows(),
        figures.mean(),
        figures.variance(),
        figures.q(),
        figures.saturated(f, pass.slope(i)),
        figures.dead(f),
        figures.correlation(),
        figures.quantiles(),
        Double.NaN,
        Double.NaN);
  }

  private double weightGradientNorm(int layer) {
    List<Tensor> tensors = network.layer(layer).tensors();
    if (tensors.isEmpty() || tensors.get(0).role() != Tensor.Role.WEIGHT) {
      return Double.NaN;
    }
    Matrix dw = network.gradients().get(tensors.get(0).name());
    long from = dw.offset();
    // What lies between rows is zero.
    long to = from + (dw.rows() - 1L) * dw.stride() + dw.cols();
    return Math.sqrt(network.engine().kernels().update().sumOfSquares(dw.segment(), from, to));
  }

  /** Whether what a sample gives depends on the others. */
  private boolean mixes() {
    return network.statistics().size() > 0;
  }

  private static final class Forward extends Task {
    private final Pass pass;
    private final Matrix x;

    Forward(Pass pass, Matrix x) {
      this.pass = pass;
      this.x = x;
    }

    @Override
    protected void share(Member member) {
      pass.forward(member, x);
    }
  }

  private static final class Backward extends Task {
    private final Pass pass;
    private final Matrix x;

    Backward(Pass pass, Matrix x) {
      this.pass = pass;
      this.x = x;
    }

    @Override
    protected void share(Member member) {
      pass.backward(member, x, null);
    }
  }
}
