package fathom.jmh;

import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Member;
import fathom.engine.Product;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;

/**
 * The floor of a training step or an answer: its matrix products and the meetings of threads
 * between them, and nothing else.
 */
public final class GemmOnly extends Task {
  private final boolean training;
  private final int[] widths;
  private final Matrix[] weights;
  private final Matrix[] weightGradients;
  private final Matrix[] activations;
  private final Matrix[] deltas;
  private final Product[] forward;
  private final Product[] weightGradient;
  private final Product[] inputGradient;

  /** Draws the operands of a workload's training step. */
  public static GemmOnly ofStep(Engine engine, Workload workload, Arena arena) {
    return new GemmOnly(engine, workload, workload.batch(), true, arena);
  }

  /** Draws the operands of a workload's answer to some rows. */
  public static GemmOnly ofAnswer(Engine engine, Workload workload, int rows, Arena arena) {
    return new GemmOnly(engine, workload, rows, false, arena);
  }

  private GemmOnly(Engine engine, Workload workload, int batch, boolean training, Arena arena) {
    this.training = training;
    widths = workload.widths();
    int layers = widths.length - 1;
    weights = new Matrix[layers];
    weightGradients = new Matrix[layers];
    activations = new Matrix[layers + 1];
    deltas = new Matrix[layers];
    forward = new Product[layers];
    weightGradient = new Product[layers];
    inputGradient = new Product[layers];
    activations[0] = draw(arena, batch, widths[0]);
    for (int i = 0; i < layers; i++) {
      int in = widths[i];
      int out = widths[i + 1];
      weights[i] = slab(arena, out, in);
      weightGradients[i] = slab(arena, out, in);
      activations[i + 1] = draw(arena, out, batch);
      deltas[i] = draw(arena, out, batch);
      forward[i] = engine.product(i == 0 ? Form.NT : Form.NN, out, batch, in);
      weightGradient[i] = engine.product(i == 0 ? Form.NN : Form.NT, out, in, batch);
      inputGradient[i] = engine.product(Form.TN, in, batch, out);
    }
  }

  /** Returns the last layer's product. */
  public Matrix output() {
    return activations[activations.length - 1];
  }

  /** Draws a matrix whose rows lie as far apart as a network's weights do. */
  private static Matrix slab(Arena arena, int rows, int cols) {
    Matrix matrix = new Slab(new Slab.Layout().add("weight", rows, cols), arena).get("weight");
    Noise.fill(matrix, 1);
    return matrix;
  }

  private static Matrix draw(Arena arena, int rows, int cols) {
    Matrix matrix = Matrix.allocate(arena, rows, cols);
    Noise.fill(matrix, 1);
    return matrix;
  }

  @Override
  protected void share(Member member) {
    int layers = widths.length - 1;
    for (int i = 0; i < layers; i++) {
      run(member, forward[i], weights[i], activations[i], activations[i + 1]);
      member.barrier();
    }
    for (int i = layers - 1; training && i >= 0; i--) {
      run(member, weightGradient[i], deltas[i], activations[i], weightGradients[i]);
      if (i > 0) {
        run(member, inputGradient[i], weights[i], deltas[i], deltas[i - 1]);
      }
      member.barrier();
    }
  }

  private static void run(Member member, Product product, Matrix a, Matrix b, Matrix c) {
    int end = member.to(product.blocks());
    for (int block = member.from(product.blocks()); block < end; block++) {
      product.run(a, b, c, block);
    }
  }
}
