package fathom.jmh.dl4j;

import fathom.jmh.Workload;
import fathom.jmh.peers.Contender;
import fathom.jmh.peers.Discipline;
import fathom.jmh.peers.Job;
import fathom.jmh.peers.Samples;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.random.impl.GaussianDistribution;
import org.nd4j.linalg.api.ops.random.impl.UniformDistribution;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.AdamUpdater;
import org.nd4j.linalg.learning.config.Adam;

/** Deeplearning4j with its AVX-512 kernels and MKL, workspaces on and periodic collections off. */
public final class Dl4jContender implements Contender {
  private static final int SHOWN = 200_000;

  /** Takes the threads that the environment has set. */
  public Dl4jContender(int threads) {
    Nd4j.getMemoryManager().togglePeriodicGc(false);
  }

  @Override
  public String about() {
    return "Deeplearning4j on "
        + Nd4j.getExecutioner().getEnvironmentInformation().getProperty("blas.vendor");
  }

  @Override
  public Job prepare(Discipline discipline) {
    return switch (discipline.kind()) {
      case TRAIN, GRADIENT, START -> new Dl4jTraining(discipline.workload());
      case INFER -> answer(discipline.workload(), discipline.size());
      case FILL_NORMAL -> {
        double sigma = Math.sqrt(2.0 / Discipline.FILL_SIDE);
        INDArray w = Nd4j.create(Discipline.FILL_SIDE, Discipline.FILL_SIDE);
        yield job(() -> Nd4j.exec(new GaussianDistribution(w, 0, sigma)), w);
      }
      case FILL_UNIFORM -> {
        double bound = Math.sqrt(3.0 / Discipline.FILL_SIDE);
        INDArray w = Nd4j.create(Discipline.FILL_SIDE, Discipline.FILL_SIDE);
        yield job(() -> Nd4j.exec(new UniformDistribution(w, -bound, bound)), w);
      }
      case ACTIVATION -> elementwise(discipline);
      case OPTIMIZER -> update(discipline.size());
      case PEAK -> throw new UnsupportedOperationException("the floor measures the peak");
    };
  }

  private static Job answer(Workload workload, int rows) {
    MultiLayerNetwork net = Dl4jTraining.network(workload, true);
    INDArray x = Dl4jTraining.inputs(workload, rows);
    return new Job() {
      private INDArray y;

      @Override
      public void run() {
        if (y != null) {
          y.close();
        }
        y = net.output(x, false);
      }

      @Override
      public float[] result() {
        return floats(y);
      }
    };
  }

  /** The functions work in place, so a copy of their operand is part of each run. */
  private static Job elementwise(Discipline discipline) {
    IActivation f = function(discipline.activation());
    int n = discipline.size();
    INDArray x = Nd4j.createFromArray(Samples.activationInputs(n)).reshape(1, n);
    INDArray d = Nd4j.createFromArray(Samples.activationGradients(n)).reshape(1, n);
    INDArray z = Nd4j.create(1, n);
    INDArray again = Nd4j.create(1, n);
    boolean backward = discipline.backward();
    return new Job() {
      private INDArray result;

      @SuppressWarnings("ReferenceEquality")
      @Override
      public void run() {
        z.assign(x);
        INDArray a = f.getActivation(z, true);
        if (!backward) {
          result = a;
          return;
        }
        again.assign(x);
        Pair<INDArray, INDArray> gradients = f.backprop(again, d);
        if (result != null && result != again) {
          result.close();
        }
        result = gradients.getFirst();
      }

      @Override
      public float[] result() {
        return floats(result);
      }
    };
  }

  /** Adam writes its step over the gradient, which is then as good as another one. */
  private static Job update(int n) {
    INDArray w = Nd4j.ones(1, n);
    INDArray g = Nd4j.createFromArray(Samples.optimizerGradients(n)).reshape(1, n);
    AdamUpdater adam = new AdamUpdater(new Adam(Samples.ADAM_RATE));
    adam.setStateViewArray(Nd4j.zeros(1, 2L * n), new long[] {1, n}, 'c', true);
    return new Job() {
      private int step;

      @Override
      public void run() {
        adam.applyUpdater(g, step++, 0);
        w.subi(g);
      }

      @Override
      public float[] result() {
        return floats(w);
      }
    };
  }

  private static Job job(Runnable run, INDArray result) {
    return new Job() {
      @Override
      public void run() {
        run.run();
      }

      @Override
      public float[] result() {
        return floats(result);
      }
    };
  }

  /** Returns the first numbers of an array, row by row. */
  static float[] floats(INDArray array) {
    int n = (int) Math.min(SHOWN, array.length());
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = array.getFloat(i);
    }
    return values;
  }

  /** Returns the function of a name. */
  static IActivation function(String name) {
    return switch (name) {
      case "logistic" -> Activation.SIGMOID.getActivationFunction();
      case "tanh" -> Activation.TANH.getActivationFunction();
      case "relu" -> Activation.RELU.getActivationFunction();
      case "leaky_relu" -> Activation.LEAKYRELU.getActivationFunction();
      case "elu" -> Activation.ELU.getActivationFunction();
      case "selu" -> Activation.SELU.getActivationFunction();
      case "gelu" -> new ActivationGELU(true);
      case "gelu_tanh" -> new ActivationGELU(false);
      case "silu" -> Activation.SWISH.getActivationFunction();
      case "softplus" -> Activation.SOFTPLUS.getActivationFunction();
      case "softsign" -> Activation.SOFTSIGN.getActivationFunction();
      case "hardtanh" -> Activation.HARDTANH.getActivationFunction();
      case "mish" -> Activation.MISH.getActivationFunction();
      default ->
          throw new UnsupportedOperationException("DL4J has no such function as '" + name + "'");
    };
  }
}
