package fathom.jmh.torch;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.mse_loss;

import fathom.jmh.Workload;
import fathom.jmh.peers.Job;
import fathom.jmh.peers.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Steps of a workload: functions, autograd, an optimizer; temporaries are released at once. */
final class TorchTraining implements Job {
  private static final double BATCH_NORM_MOMENTUM = 0.1;
  private static final double BATCH_NORM_EPSILON = 1e-5;

  private final Workload workload;
  private final UnaryOperator<Tensor> activation;
  private final List<Tensor> weights = new ArrayList<>();
  private final List<TensorOptional> biases = new ArrayList<>();
  private final List<TensorOptional> normalization = new ArrayList<>();
  private final Optimizer optimizer;
  private final Tensor x;
  private final Tensor y;
  private float loss;

  TorchTraining(Workload workload) {
    this.workload = workload;
    activation = TorchContender.function(workload.activation());
    int[] widths = workload.widths();
    TensorVector parameters = new TensorVector();
    for (int i = 0; i < widths.length - 1; i++) {
      Tensor w = Tensor.create(Samples.weights(workload, i), widths[i + 1], widths[i]);
      weights.add(learnt(w, parameters));
      biases.add(new TensorOptional(learnt(torch.zeros(widths[i + 1]), parameters)));
      if (workload.batchNorm() && i < widths.length - 2) {
        normalization.add(new TensorOptional(learnt(torch.ones(widths[i + 1]), parameters)));
        normalization.add(new TensorOptional(learnt(torch.zeros(widths[i + 1]), parameters)));
        normalization.add(new TensorOptional(torch.zeros(widths[i + 1])));
        normalization.add(new TensorOptional(torch.ones(widths[i + 1])));
      }
    }
    optimizer = optimizer(workload, parameters);
    int batch = workload.batch();
    x = Tensor.create(Samples.inputs(workload, batch), batch, widths[0]);
    if (workload.squaredError()) {
      y = Tensor.create(Samples.targets(workload), batch, workload.classes());
    } else {
      long[] labels = new long[batch];
      for (int r = 0; r < batch; r++) {
        labels[r] = Samples.label(workload, r);
      }
      y = Tensor.create(labels);
    }
  }

  private static Tensor learnt(Tensor tensor, TensorVector parameters) {
    tensor.set_requires_grad(true);
    parameters.push_back(tensor);
    return tensor;
  }

  private static Optimizer optimizer(Workload workload, TensorVector parameters) {
    if (workload.rule() == Workload.Rule.ADAM) {
      return new Adam(parameters, new AdamOptions(workload.rate()));
    }
    SGDOptions options = new SGDOptions(workload.rate());
    if (workload.rule() == Workload.Rule.MOMENTUM) {
      options.momentum().put(Workload.MOMENTUM_FACTOR);
    }
    return new SGD(parameters, options);
  }

  /** Returns the outputs for a batch. */
  Tensor forward(Tensor rows) {
    Tensor a = rows;
    for (int i = 0; i < weights.size(); i++) {
      a = linear(a, weights.get(i), biases.get(i));
      if (i < weights.size() - 1) {
        a = activation.apply(workload.batchNorm() ? normalize(a, 4 * i) : a);
      }
    }
    return a;
  }

  private Tensor normalize(Tensor a, int at) {
    return batch_norm(
        a,
        normalization.get(at),
        normalization.get(at + 1),
        normalization.get(at + 2),
        normalization.get(at + 3),
        true,
        BATCH_NORM_MOMENTUM,
        BATCH_NORM_EPSILON,
        false);
  }

  @Override
  public void run() {
    try (PointerScope scope = new PointerScope()) {
      optimizer.zero_grad();
      Tensor output = forward(x);
      Tensor mean = workload.squaredError() ? mse_loss(output, y) : cross_entropy_loss(output, y);
      mean.backward();
      if (workload.rule() != Workload.Rule.NONE) {
        optimizer.step();
      }
      loss = mean.item_float();
    }
  }

  @Override
  public float[] result() {
    if (workload.rule() != Workload.Rule.NONE) {
      return new float[] {loss};
    }
    float[] gradient = TorchContender.floats(weights.get(0).grad());
    float[] result = new float[1 + gradient.length];
    result[0] = loss;
    System.arraycopy(gradient, 0, result, 1, gradient.length);
    return result;
  }
}
