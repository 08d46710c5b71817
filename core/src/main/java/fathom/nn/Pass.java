package fathom.nn;

import fathom.kernel.Engine;
import fathom.kernel.Member;
import fathom.matrix.Matrix;
import java.util.List;

/**
 * A network's way forward and back for batches of one size, on memory of its {@link Workspace}. All
 * members of an engine call each method together. Nothing is allocated.
 */
public final class Pass {
  /** Blocks of rows start at multiples of this, whatever cuts them. */
  static final int DERIVE_ROWS = 16;

  private static final double WORTH_SHARING = 1e6;
  private static final double WORTH_A_BARRIER = 2e5;

  private final DensePass[] layers;
  private final int batch;
  private final boolean worthSharing;

  Pass(Engine engine, List<Dense> dense, Workspace memory, int batch) {
    this.batch = batch;
    layers = new DensePass[dense.size()];
    double flops = 0;
    for (int i = 0; i < layers.length; i++) {
      Dense layer = dense.get(i);
      Matrix z = memory.sums(i, layer.out, batch);
      Matrix a = memory.outputs(i, layer.out, batch);
      Matrix d = memory.gradients(i, layer.out, batch);
      layers[i] = new DensePass(engine, layer, i == 0, z, a, d);
      flops += layers[i].flops();
    }
    worthSharing = flops > WORTH_SHARING && flops / layers.length > WORTH_A_BARRIER;
  }

  /** Returns the number of samples B. */
  public int batch() {
    return batch;
  }

  /** Returns whether a pass is work enough for more than one thread. */
  public boolean worthSharing() {
    return worthSharing;
  }

  /** Returns the number of layers. */
  public int layers() {
    return layers.length;
  }

  /** Returns a layer's output after {@link #forward}, feature-major: out x B. */
  public Matrix output(int layer) {
    return layers[layer].a;
  }

  /** Returns the network's output after {@link #forward}, feature-major: out x B. */
  public Matrix output() {
    return layers[layers.length - 1].a;
  }

  /**
   * Returns where the loss's gradient by the output goes before {@link #backward}: out x B. Other
   * layers' gradients pass through the same memory.
   */
  public Matrix outputGradient() {
    return layers[layers.length - 1].d;
  }

  /**
   * Computes all layers' outputs.
   *
   * @param x the batch, B x inputs
   */
  public void forward(Member member, Matrix x) {
    Matrix input = x;
    for (DensePass layer : layers) {
      layer.forward(member, input);
      input = layer.a;
      member.barrier();
    }
  }

  /**
   * Computes the gradients of all parameters, overwriting them; they are whole for all members when
   * the method returns.
   *
   * @param x the batch that {@link #forward} saw
   */
  public void backward(Member member, Matrix x) {
    DensePass top = layers[layers.length - 1];
    int units = top.a.rows();
    int blocks = (units + DERIVE_ROWS - 1) / DERIVE_ROWS;
    int from = member.from(blocks) * DERIVE_ROWS;
    top.derive(from, Math.min(units, member.to(blocks) * DERIVE_ROWS));
    member.barrier();
    for (int i = layers.length - 1; i > 0; i--) {
      layers[i].weightGradient(member, layers[i - 1].a);
      layers[i].inputGradient(member, layers[i - 1]);
      member.barrier();
    }
    layers[0].weightGradient(member, x);
    member.barrier();
  }
}
