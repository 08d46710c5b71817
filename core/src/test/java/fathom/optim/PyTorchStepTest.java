package fathom.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.kernel.Rounded;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fifty steps on a few numbers beside the algorithms that PyTorch 2's documentation of {@code
 * torch.optim} states, and the paper's in Lion's case, in double precision with the error that
 * single precision may add.
 */
class PyTorchStepTest {
  private static final Engine ENGINE = new Engine(Blas.java(), Kernels.vector(), 1);
  private static final int STEPS = 50;
  private static final int NUMBERS = 21;

  /** One number's way, step by step. */
  abstract static class Algorithm {
    Rounded w;
    Rounded a = Rounded.of(0);
    Rounded b = Rounded.of(0);
    Rounded c = Rounded.of(0);

    abstract void step(int t, Rounded g);

    void decay(float rate, float weightDecay) {
      w = w.times(Rounded.once(1 - (double) rate * weightDecay));
    }

    Rounded decayed(Rounded g, float weightDecay) {
      return weightDecay == 0 ? g : g.plus(w.times(weightDecay));
    }

    static Rounded mean(Rounded mean, float memory, Rounded x) {
      return mean.times(memory).plus(x.times(1 - memory));
    }

    static Rounded squares(Rounded mean, float memory, Rounded x) {
      return mean.times(memory).plus(x.times(1 - memory).times(x));
    }
  }

  private static final class Gradual extends Algorithm {
    private final AdaGrad o;

    Gradual(AdaGrad o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      Rounded g = decayed(gradient, o.weightDecay());
      a = a.plus(g.times(g));
      Rounded rate = Rounded.once(o.rate() / (1 + (t - 1) * (double) o.rateDecay()));
      w = w.minus(g.times(rate).over(a.root().plus(Rounded.of(o.epsilon()))));
    }
  }

  private static final class RootMean extends Algorithm {
    private final RmsProp o;

    RootMean(RmsProp o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      Rounded g = decayed(gradient, o.weightDecay());
      a = squares(a, o.alpha(), g);
      Rounded square = a;
      if (o.centered()) {
        c = mean(c, o.alpha(), g);
        square = a.minus(c.times(c));
      }
      Rounded direction = g.over(square.root().plus(Rounded.of(o.epsilon())));
      if (o.momentum() > 0) {
        b = b.times(o.momentum()).plus(direction);
        direction = b;
      }
      w = w.minus(direction.times(o.rate()));
    }
  }

  private static final class Delta extends Algorithm {
    private final AdaDelta o;

    Delta(AdaDelta o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      Rounded g = decayed(gradient, o.weightDecay());
      a = squares(a, o.rho(), g);
      Rounded past = b.plus(Rounded.of(o.epsilon())).root();
      Rounded step = past.over(a.plus(Rounded.of(o.epsilon())).root()).times(g);
      b = squares(b, o.rho(), step);
      w = w.minus(step.times(o.rate()));
    }
  }

  private static final class Largest extends Algorithm {
    private final AdaMax o;

    Largest(AdaMax o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      Rounded g = decayed(gradient, o.weightDecay());
      a = mean(a, o.beta1(), g);
      b = b.times(o.beta2()).max(g.abs().plus(Rounded.of(o.epsilon())));
      Rounded rate = Rounded.once(o.rate() / (1 - Math.pow(o.beta1(), t)));
      w = w.minus(a.times(rate).over(b));
    }
  }

  private static final class Amsgrad extends Algorithm {
    private final Adam o;

    Amsgrad(Adam o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      Rounded g = decayed(gradient, o.weightDecay());
      a = mean(a, o.beta1(), g);
      b = squares(b, o.beta2(), g);
      c = c.max(b);
      Rounded rate = Rounded.once(o.rate() / (1 - Math.pow(o.beta1(), t)));
      Rounded root = c.root().times(Rounded.once(1 / Math.sqrt(1 - Math.pow(o.beta2(), t))));
      w = w.minus(a.times(rate).over(root.plus(Rounded.of(o.epsilon()))));
    }
  }

  private static final class Nesterov extends Algorithm {
    private final Nadam o;
    private double product = 1;

    Nesterov(Nadam o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      if (o.decoupled()) {
        decay(o.rate(), o.weightDecay());
      }
      Rounded g = decayed(gradient, o.decoupled() ? 0 : o.weightDecay());
      double momentum = o.beta1() * (1 - 0.5 * Math.pow(0.96, t * (double) o.momentumDecay()));
      double next = o.beta1() * (1 - 0.5 * Math.pow(0.96, (t + 1) * (double) o.momentumDecay()));
      product *= momentum;
      a = mean(a, o.beta1(), g);
      b = squares(b, o.beta2(), g);
      Rounded root = b.root().times(Rounded.once(1 / Math.sqrt(1 - Math.pow(o.beta2(), t))));
      Rounded divisor = root.plus(Rounded.of(o.epsilon()));
      Rounded ahead = g.times(Rounded.once(o.rate() * (1 - momentum) / (1 - product)));
      Rounded mean = a.times(Rounded.once(o.rate() * next / (1 - product * next)));
      w = w.minus(ahead.plus(mean).over(divisor));
    }
  }

  private static final class Rectified extends Algorithm {
    private final RAdam o;

    Rectified(RAdam o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded gradient) {
      if (o.decoupled()) {
        decay(o.rate(), o.weightDecay());
      }
      Rounded g = decayed(gradient, o.decoupled() ? 0 : o.weightDecay());
      a = mean(a, o.beta1(), g);
      b = squares(b, o.beta2(), g);
      double power = Math.pow(o.beta2(), t);
      double most = 2 / (1 - (double) o.beta2()) - 1;
      double rho = most - 2 * t * power / (1 - power);
      double rate = o.rate() / (1 - Math.pow(o.beta1(), t));
      if (rho > 5) {
        double r = Math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho));
        Rounded root = b.root().plus(Rounded.of(o.epsilon()));
        w = w.minus(a.times(Rounded.once(rate * r * Math.sqrt(1 - power))).over(root));
      } else {
        w = w.minus(a.times(Rounded.once(rate)));
      }
    }
  }

  private static final class Sign extends Algorithm {
    private final Lion o;

    Sign(Lion o) {
      this.o = o;
    }

    @Override
    void step(int t, Rounded g) {
      decay(o.rate(), o.weightDecay());
      double direction = Math.signum(mean(a, o.beta1(), g).value());
      w = w.minus(Rounded.of(direction * o.rate()));
      a = mean(a, o.beta2(), g);
    }
  }

  static Stream<Arguments> optimizers() {
    return Stream.of(
        pair(new AdaGrad(0.1f), Gradual::new),
        pair(new AdaGrad(0.1f, 0.1f, 1e-3f, 0.1f), Gradual::new),
        pair(new RmsProp(0.01f), RootMean::new),
        pair(new RmsProp(0.01f, 0.9f, 1e-8f, 0.9f, false, 0.1f), RootMean::new),
        pair(new RmsProp(0.01f, 0.9f, 1e-8f, 0, true, 0.1f), RootMean::new),
        pair(new RmsProp(0.01f, 0.99f, 1e-8f, 0.5f, true, 0), RootMean::new),
        pair(new AdaDelta(1), Delta::new),
        pair(new AdaDelta(2, 0.8f, 1e-3f, 0.1f), Delta::new),
        pair(new AdaMax(0.02f), Largest::new),
        pair(new AdaMax(0.02f, 0.8f, 0.9f, 0.1f, 0.1f), Largest::new),
        pair(new Adam(0.01f, 0.9f, 0.9f, 1e-8f, 0.1f, true), Amsgrad::new),
        pair(new Nadam(0.02f), Nesterov::new),
        pair(new Nadam(0.02f, 0.8f, 0.9f, 1e-3f, 0.5f, 0.1f, false), Nesterov::new),
        pair(new Nadam(0.02f, 0.8f, 0.9f, 1e-3f, 0.1f, 0.1f, true), Nesterov::new),
        pair(new RAdam(0.01f), Rectified::new),
        pair(new RAdam(0.01f, 0.8f, 0.9f, 1e-3f, 0.1f, false), Rectified::new),
        pair(new RAdam(0.01f, 0.8f, 0.6f, 1e-3f, 0.1f, true), Rectified::new),
        pair(new Lion(1e-2f), Sign::new),
        pair(new Lion(1e-2f, 0.8f, 0.7f, 0.1f), Sign::new));
  }

  private static <T extends Optimizer> Arguments pair(T optimizer, Function<T, Algorithm> twin) {
    return Arguments.of(optimizer, (Function<?, ?>) twin);
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void stepsAreTheDocumentedOnes(Optimizer optimizer, Function<Optimizer, Algorithm> twin) {
    Random random = new Random(12);
    try (Arena arena = Arena.ofShared()) {
      Slab parameters = new Slab(new Slab.Layout().add("w", 1, NUMBERS), arena);
      Slab gradients = new Slab(parameters.layout(), arena);
      Matrix w = parameters.get("w");
      Algorithm[] expected = new Algorithm[NUMBERS];
      for (int i = 0; i < NUMBERS; i++) {
        w.set(0, i, (float) random.nextGaussian());
        expected[i] = twin.apply(optimizer);
        expected[i].w = Rounded.of(w.get(0, i));
      }
      OptimizerState state = new OptimizerState(optimizer, parameters, gradients, arena);
      for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < NUMBERS; i++) {
          float g = (float) (random.nextGaussian() + 0.3) * (1 + i);
          gradients.get("w").set(0, i, g);
          expected[i].step(t, Rounded.of(g));
        }
        state.begin();
        state.update(ENGINE, 0, parameters.size());
        for (int i = 0; i < NUMBERS; i++) {
          Rounded e = expected[i].w;
          // Twice, because the engine rounds as often but in another order.
          String what = optimizer + " seed 12, step " + t + ", number " + i;
          assertEquals(e.value(), w.get(0, i), 2 * e.error(), what);
          assertTrue(e.error() < 1e-3, what + ": an error of " + e.error() + " would hide much");
        }
      }
    }
  }
}
