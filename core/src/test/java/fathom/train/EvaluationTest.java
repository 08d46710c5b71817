package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.ActivationKernels;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Figures of a pass over rows. */
class EvaluationTest {
  private static final int ROWS = 700;

  private final AtomicInteger passes = new AtomicInteger();

  /** An engine that counts each call of an activation. */
  private Engine counting() {
    Kernels vector = Kernels.vector();
    ActivationKernels counted =
        (ActivationKernels)
            Proxy.newProxyInstance(
                ActivationKernels.class.getClassLoader(),
                new Class<?>[] {ActivationKernels.class},
                (proxy, method, args) -> {
                  passes.incrementAndGet();
                  try {
                    return method.invoke(vector.activation(), args);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    Kernels kernels =
        new Kernels(
            "counting",
            vector.bits(),
            counted,
            vector.loss(),
            vector.update(),
            vector.fill(),
            vector.norm(),
            vector.dropout(),
            vector.gates(),
            vector.tally());
    return new Engine(Blas.java(), kernels, 1);
  }

  private static Network network(Engine engine, int outputs) {
    return Network.input(6).dense(9, Activation.TANH).dense(outputs).seed(3).engine(engine).build();
  }

  private static Dataset classes() {
    int[] labels = new int[ROWS];
    for (int i = 0; i < ROWS; i++) {
      labels[i] = i * i % 4;
    }
    return Dataset.ofLabels(LayersTest.rows(ROWS, 6, 1), labels, 4);
  }

  @Test
  void onePassServesLossAndMeasuresOfClasses() {
    Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
    try (Engine engine = counting();
        Network network = network(engine, 4);
        Dataset data = classes()) {
      Evaluation alone = Evaluation.of(network, data.rows(), loss);
      int once = passes.getAndSet(0);
      Evaluation both = Evaluation.measured(network, data.rows(), loss);
      assertEquals(once, passes.get(), "calls of the activation");
      assertEquals(alone.loss(), both.loss());
      assertArrayEquals(alone.confusion(), both.confusion());
      ClassificationMetrics other = ClassificationMetrics.of(network, data.rows());
      assertEquals(other.logLoss(), both.classification().logLoss());
      assertEquals(other.rocAuc(), both.classification().rocAuc());
      assertArrayEquals(both.confusion(), both.classification().confusion());
      // The loss's kernel rounds in float; 1e-6 of it is some roundings.
      assertEquals(both.loss(), both.classification().logLoss(), 1e-6 * both.loss());
      assertThrows(IllegalStateException.class, alone::classification);
      assertThrows(IllegalStateException.class, both::regression);
    }
  }

  @Test
  void onePassServesLossAndMeasuresOfNumbers() {
    try (Engine engine = counting();
        Network network = network(engine, 2);
        Dataset data =
            Dataset.ofTargets(LayersTest.rows(ROWS, 6, 1), LayersTest.rows(ROWS, 2, 2))) {
      Evaluation alone = Evaluation.of(network, data.rows(), Loss.HUBER);
      int once = passes.getAndSet(0);
      Evaluation both = Evaluation.measured(network, data.rows(), Loss.HUBER);
      assertEquals(once, passes.get(), "calls of the activation");
      assertEquals(alone.loss(), both.loss());
      RegressionMetrics other = RegressionMetrics.of(network, data.rows());
      assertEquals(other.mae(), both.regression().mae());
      assertEquals(other.rmse(), both.regression().rmse());
      assertEquals(other.r2(), both.regression().r2());
      assertThrows(IllegalStateException.class, alone::regression);
      assertThrows(IllegalStateException.class, both::classification);
    }
  }
}
