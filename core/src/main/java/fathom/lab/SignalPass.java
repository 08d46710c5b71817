package fathom.lab;

import fathom.kernel.Engine;
import fathom.kernel.Member;
import fathom.kernel.Task;
import fathom.matrix.Matrix;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Signals sent up and gradients sent down a network as it is: nothing is learnt. Works on the
 * engine's training pass, and so measures what trains. Allocates what it returns; for one thread.
 */
final class SignalPass extends Task {
  private final Network network;
  private final Engine engine;
  private Pass pass;
  private Matrix x;
  private float[] top;

  SignalPass(Network network) {
    this.network = network;
    engine = network.engine();
  }

  /** Draws rows of standard normal numbers. */
  static Matrix noise(Engine engine, Arena arena, int rows, int cols, long seed) {
    Matrix x = Matrix.allocate(arena, rows, cols);
    Initializer.normal(1).fill(engine, x, cols, rows, seed, 0);
    return x;
  }

  /** Returns the outputs of all layers, each units x samples, for rows of inputs. */
  List<float[][]> forward(Matrix rows) {
    List<float[][]> outputs = new ArrayList<>();
    long stamp = network.beginStep();
    try {
      run(rows, null);
      for (int layer = 0; layer < pass.layers(); layer++) {
        outputs.add(pass.output(layer).toArray());
      }
    } finally {
      network.endStep(stamp);
    }
    return outputs;
  }

  /**
   * Sends a gradient down from the network's outputs for one row. The network's gradients are then
   * those of the row; so the gradient of a dense layer's bias is that by its sums.
   */
  void backward(Matrix row, float[] gradient) {
    long stamp = network.beginStep();
    try {
      run(row, gradient);
    } finally {
      network.endStep(stamp);
    }
  }

  private void run(Matrix rows, float[] gradient) {
    pass = network.pass(rows.rows());
    x = rows;
    top = gradient;
    engine.run(this, pass.worthSharing());
  }

  @Override
  protected void share(Member member) {
    pass.forward(member, x);
    if (top == null) {
      return;
    }
    if (member.index() == 0) {
      for (int k = 0; k < top.length; k++) {
        pass.outputGradient().set(k, 0, top[k]);
      }
    }
    member.barrier();
    pass.backward(member, x, null);
  }

  /**
   * Returns the Jacobian of the outputs by the first layer's sums for one row, outputs x units of
   * the first layer, by one backward pass for each output.
   */
  double[][] jacobian(Matrix row) {
    int outputs = network.outputs();
    double[][] jacobian = new double[outputs][];
    for (int k = 0; k < outputs; k++) {
      float[] unit = new float[outputs];
      unit[k] = 1;
      backward(row, unit);
      jacobian[k] = column(network.gradients().get("0.bias"));
    }
    return jacobian;
  }

  /** Returns the numbers of a vector. */
  static double[] column(Matrix vector) {
    double[] values = new double[vector.rows()];
    for (int i = 0; i < values.length; i++) {
      values[i] = vector.get(i, 0);
    }
    return values;
  }
}
