package fathom.jmh.torch;

import static org.bytedeco.pytorch.global.torch.elu;
import static org.bytedeco.pytorch.global.torch.gelu;
import static org.bytedeco.pytorch.global.torch.hardsigmoid;
import static org.bytedeco.pytorch.global.torch.hardswish;
import static org.bytedeco.pytorch.global.torch.hardtanh;
import static org.bytedeco.pytorch.global.torch.leaky_relu;
import static org.bytedeco.pytorch.global.torch.mish;
import static org.bytedeco.pytorch.global.torch.relu;
import static org.bytedeco.pytorch.global.torch.selu;
import static org.bytedeco.pytorch.global.torch.set_num_threads;
import static org.bytedeco.pytorch.global.torch.sigmoid;
import static org.bytedeco.pytorch.global.torch.silu;
import static org.bytedeco.pytorch.global.torch.softplus;
import static org.bytedeco.pytorch.global.torch.softsign;
import static org.bytedeco.pytorch.global.torch.tanh;

import fathom.jmh.peers.Contender;
import fathom.jmh.peers.Discipline;
import fathom.jmh.peers.Job;
import fathom.jmh.peers.Samples;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** PyTorch's C++ library on MKL: functions, autograd and optimizers as they come. */
public final class TorchContender implements Contender {
  private static final int SHOWN = 200_000;

  /** Sets the threads of operations. */
  public TorchContender(int threads) {
    set_num_threads(threads);
  }

  @Override
  public String about() {
    return "PyTorch 2.10 on MKL";
  }

  @Override
  public Job prepare(Discipline discipline) {
    return switch (discipline.kind()) {
      case TRAIN, GRADIENT, START -> new TorchTraining(discipline.workload());
      case INFER -> answer(discipline);
      case FILL_NORMAL -> {
        double sigma = Math.sqrt(2.0 / Discipline.FILL_SIDE);
        Tensor w = matrix();
        GeneratorOptional generator = new GeneratorOptional();
        yield job(() -> w.normal_(0, sigma, generator), w);
      }
      case FILL_UNIFORM -> {
        double bound = Math.sqrt(3.0 / Discipline.FILL_SIDE);
        Tensor w = matrix();
        GeneratorOptional generator = new GeneratorOptional();
        yield job(() -> w.uniform_(-bound, bound, generator), w);
      }
      case ACTIVATION -> elementwise(discipline);
      case OPTIMIZER -> update(discipline.size());
      case PEAK -> throw new UnsupportedOperationException("the floor measures the peak");
    };
  }

  private static Tensor matrix() {
    return torch.empty(Discipline.FILL_SIDE, Discipline.FILL_SIDE);
  }

  private static Job answer(Discipline discipline) {
    TorchTraining net = new TorchTraining(discipline.workload());
    int rows = discipline.size();
    Tensor x =
        Tensor.create(
            Samples.inputs(discipline.workload(), rows), rows, discipline.workload().widths()[0]);
    InferenceMode guard = new InferenceMode(true);
    return new Job() {
      private Tensor y;

      @Override
      public void run() {
        try (PointerScope scope = new PointerScope()) {
          y = net.forward(x);
        }
      }

      @Override
      public float[] result() {
        // Answers once more: the temporaries of a run are gone.
        if (guard.isNull() || y == null) {
          throw new IllegalStateException("nothing was answered");
        }
        return floats(net.forward(x));
      }
    };
  }

  private static Job elementwise(Discipline discipline) {
    UnaryOperator<Tensor> f = function(discipline.activation());
    int n = discipline.size();
    Tensor x = Tensor.create(Samples.activationInputs(n), n);
    Tensor d = Tensor.create(Samples.activationGradients(n), n);
    if (!discipline.backward()) {
      return new Job() {
        private Tensor y;

        @Override
        public void run() {
          try (PointerScope scope = new PointerScope()) {
            y = f.apply(x);
          }
        }

        @Override
        public float[] result() {
          // Once more: the temporaries of a run are gone.
          return floats(y == null ? x : f.apply(x));
        }
      };
    }
    x.set_requires_grad(true);
    TensorVector inputs = new TensorVector(x);
    TensorVector gradients = new TensorVector(d);
    return new Job() {
      @Override
      public void run() {
        try (PointerScope scope = new PointerScope()) {
          gradient(f.apply(x), inputs, gradients);
        }
      }

      @Override
      public float[] result() {
        return floats(gradient(f.apply(x), inputs, gradients).get(0));
      }
    };
  }

  /** Returns {@code d y / d inputs} for gradients from above, without adding to a stored one. */
  private static TensorVector gradient(Tensor y, TensorVector inputs, TensorVector gradients) {
    return torch.grad(
        new TensorVector(y), inputs, gradients, new BoolOptional(false), false, false);
  }

  private static Job update(int n) {
    Tensor w = torch.ones(n).set_requires_grad(true);
    Tensor g = Tensor.create(Samples.optimizerGradients(n), n);
    w.mutable_grad().put(g);
    Adam adam = new Adam(new TensorVector(w), new AdamOptions(Samples.ADAM_RATE));
    return job(adam::step, w.detach());
  }

  /** Returns a job that releases its temporaries at once. */
  private static Job job(Runnable run, Tensor result) {
    return new Job() {
      @Override
      public void run() {
        try (PointerScope scope = new PointerScope()) {
          run.run();
        }
      }

      @Override
      public float[] result() {
        return floats(result);
      }
    };
  }

  /** Returns the first numbers of a tensor. */
  static float[] floats(Tensor tensor) {
    float[] values = new float[(int) Math.min(SHOWN, tensor.numel())];
    new FloatPointer(tensor.data_ptr_float()).get(values);
    return values;
  }

  /** Returns the function of a name, out of place. */
  static UnaryOperator<Tensor> function(String name) {
    return switch (name) {
      case "logistic" -> x -> sigmoid(x);
      case "tanh" -> x -> tanh(x);
      case "relu" -> x -> relu(x);
      case "leaky_relu" -> x -> leaky_relu(x);
      case "elu" -> x -> elu(x);
      case "selu" -> x -> selu(x);
      case "gelu" -> x -> gelu(x);
      case "gelu_tanh" -> x -> gelu(x, "tanh");
      case "silu" -> x -> silu(x);
      case "softplus" -> x -> softplus(x);
      case "softsign" -> x -> softsign(x);
      case "hardtanh" -> x -> hardtanh(x);
      case "hardsigmoid" -> x -> hardsigmoid(x);
      case "hardswish" -> x -> hardswish(x);
      case "mish" -> x -> mish(x);
      default -> throw new UnsupportedOperationException("PyTorch has no '" + name + "'");
    };
  }
}
