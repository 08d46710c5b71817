package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.MINUS_ONE;
import static fathom.kernel.VectorMath.MINUS_THREE;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SELU_LAMBDA;
import static fathom.kernel.VectorMath.SELU_LAMBDA_ALPHA;
import static fathom.kernel.VectorMath.ZERO;
import static fathom.kernel.VectorMath.all;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * {@code Z <- f(Z + b 1ᵀ)}: one loop per function, because a vector that goes through an interface
 * is boxed.
 */
final class VectorActivations {
  private static final Loops<Function> LOOPS = new Loops<>(f -> VectorLoop.apart(loop(f)));

  private VectorActivations() {}

  /** Returns the loop of a function. */
  static MethodHandle of(Function f) {
    return LOOPS.of(f);
  }

  private static VectorLoop loop(Function f) {
    return switch (f) {
      case IDENTITY -> VectorActivations::identity;
      case LOGISTIC -> VectorActivations::logistic;
      case TANH -> VectorActivations::tanh;
      case RELU -> VectorActivations::relu;
      case LEAKY_RELU -> VectorActivations::leakyRelu;
      case ELU -> VectorActivations::elu;
      case SELU -> VectorActivations::selu;
      case SOFTPLUS -> VectorActivations::softplus;
      case SOFTSIGN -> VectorActivations::softsign;
      case HARD_TANH -> VectorActivations::hardTanh;
      case HARD_SIGMOID -> VectorActivations::hardSigmoid;
      case HARD_SWISH -> VectorActivations::hardSwish;
      case GELU -> VectorActivations::gelu;
      case GELU_TANH -> VectorActivations::geluTanh;
      case SILU -> VectorActivations::silu;
      case MISH -> VectorActivations::mish;
    };
  }

  private static void identity(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        x.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void logistic(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.logistic(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void tanh(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.tanh(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void relu(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = x.blend(ZERO, x.compare(LE, ZERO));
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void leakyRelu(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    FloatVector slope = all(alpha);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = x.mul(slope).blend(x, x.compare(GT, ZERO));
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void elu(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    FloatVector scale = all(alpha);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.expm1Below(x).mul(scale).blend(x, x.compare(GT, ZERO));
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void selu(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y =
            VectorMath.expm1Below(x)
                .mul(SELU_LAMBDA_ALPHA)
                .blend(x.mul(SELU_LAMBDA), x.compare(GT, ZERO));
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void softplus(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.softplus(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void softsign(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.softsign(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void hardTanh(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.between(x, MINUS_ONE, ONE);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void hardSigmoid(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.hardSigmoid(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void hardSwish(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = x.mul(VectorMath.hardSigmoid(x)).blend(ZERO, x.compare(LE, MINUS_THREE));
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void gelu(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.gelu(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void geluTanh(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.geluTanh(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void silu(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.silu(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }

  private static void mish(
      Matrix z, Matrix bias, Matrix none, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long at = z.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(at + 4L * j).add(b);
        FloatVector y = VectorMath.mish(x);
        y.intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
    }
  }
}
