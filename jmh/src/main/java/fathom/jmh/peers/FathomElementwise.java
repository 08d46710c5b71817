package fathom.jmh.peers;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One activation on rows of up to 10,000 samples. The kernels work in place, and take as long
 * whatever the numbers are, so that operands are copied anew for every 16th run only: by then some
 * functions have made theirs small, but none subnormal. They also add a bias and sum its gradient,
 * which peers are not asked for.
 */
final class FathomElementwise implements Job {
  private static final int ROW = 10_000;
  private static final int RUNS = 16;

  private final ActivationKernels kernels;
  private final Function function;
  private final float parameter;
  private final boolean backward;
  private final Matrix inputs;
  private final Matrix gradients;
  private final Matrix z;
  private final Matrix a;
  private final Matrix d;
  private final Matrix bias;
  private final Matrix biasGradient;
  private int runs;

  FathomElementwise(Discipline discipline, ActivationKernels kernels, Arena arena) {
    this.kernels = kernels;
    Activation activation = Activation.named(discipline.activation());
    function = activation.function();
    parameter = activation.parameter();
    backward = discipline.backward();
    int rows = Math.max(1, discipline.size() / ROW);
    int cols = discipline.size() / rows;
    inputs = Matrix.allocate(arena, rows, cols);
    gradients = Matrix.allocate(arena, rows, cols);
    z = Matrix.allocate(arena, rows, cols);
    a = Matrix.allocate(arena, rows, cols);
    d = Matrix.allocate(arena, rows, cols);
    bias = Matrix.allocate(arena, rows, 1);
    biasGradient = Matrix.allocate(arena, rows, 1);
    FathomContender.copy(Samples.activationInputs(discipline.size()), inputs);
    FathomContender.copy(Samples.activationGradients(discipline.size()), gradients);
  }

  @Override
  public void run() {
    int rows = z.rows();
    if (runs++ % RUNS == 0) {
      MemorySegment.copy(inputs.segment(), 0, z.segment(), 0, inputs.segment().byteSize());
      MemorySegment.copy(gradients.segment(), 0, d.segment(), 0, d.segment().byteSize());
    }
    if (!backward) {
      kernels.activate(function, parameter, z, bias, 0, rows);
      return;
    }
    if (function.keepsSlope()) {
      kernels.activateAndSlope(function, parameter, z, bias, a, 0, rows);
      kernels.multiplySlope(z, d, biasGradient, 0, rows);
    } else {
      kernels.activate(function, parameter, z, bias, 0, rows);
      kernels.derive(function, parameter, z, d, biasGradient, 0, rows);
    }
  }

  @Override
  public float[] result() {
    Matrix result = backward ? d : z;
    return result.rows(0, 1).toArray()[0];
  }
}
