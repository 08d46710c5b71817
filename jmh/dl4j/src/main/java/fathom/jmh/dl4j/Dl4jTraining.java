package fathom.jmh.dl4j;

import fathom.jmh.Workload;
import fathom.jmh.peers.Job;
import fathom.jmh.peers.Samples;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Steps of a workload. Its only momentum is Nesterov's, which is as much work. */
final class Dl4jTraining implements Job {
  private final Workload workload;
  private final MultiLayerNetwork net;
  private final INDArray x;
  private final INDArray y;

  Dl4jTraining(Workload workload) {
    this.workload = workload;
    net = network(workload, false);
    int batch = workload.batch();
    int classes = workload.classes();
    x = inputs(workload, batch);
    if (workload.squaredError()) {
      y = Nd4j.createFromArray(Samples.targets(workload)).reshape(batch, classes);
      net.setInput(x);
      net.setLabels(y);
    } else {
      y = Nd4j.zeros(batch, classes);
      for (int r = 0; r < batch; r++) {
        y.putScalar(r, Samples.label(workload, r), 1);
      }
    }
  }

  static INDArray inputs(Workload workload, int rows) {
    return Nd4j.createFromArray(Samples.inputs(workload, rows)).reshape(rows, workload.widths()[0]);
  }

  /**
   * Builds a network.
   *
   * @param logits whether the outputs are wanted as they are, without softmax
   */
  static MultiLayerNetwork network(Workload workload, boolean logits) {
    int[] widths = workload.widths();
    IActivation activation = Dl4jContender.function(workload.activation());
    IActivation none = Activation.IDENTITY.getActivationFunction();
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(updater(workload))
            .weightInit(WeightInit.ZERO)
            .list();
    int hidden = widths.length - 2;
    int perLayer = workload.batchNorm() ? 3 : 1;
    for (int i = 0; i < hidden; i++) {
      list.layer(
          new DenseLayer.Builder()
              .nIn(widths[i])
              .nOut(widths[i + 1])
              .activation(workload.batchNorm() ? none : activation)
              .build());
      if (workload.batchNorm()) {
        list.layer(new BatchNormalization.Builder().nIn(widths[i + 1]).nOut(widths[i + 1]).build());
        list.layer(new ActivationLayer.Builder().activation(activation).build());
      }
    }
    boolean squared = workload.squaredError() || logits;
    list.layer(
        new OutputLayer.Builder(squared ? LossFunction.MSE : LossFunction.MCXENT)
            .nIn(widths[hidden])
            .nOut(widths[hidden + 1])
            .activation(squared ? none : Activation.SOFTMAX.getActivationFunction())
            .build());
    MultiLayerNetwork net = new MultiLayerNetwork(list.build());
    net.init();
    for (int i = 0; i <= hidden; i++) {
      INDArray w = Nd4j.createFromArray(Samples.weights(workload, i));
      net.setParam(i * perLayer + "_W", w.reshape(widths[i + 1], widths[i]).transpose());
    }
    return net;
  }

  private static IUpdater updater(Workload workload) {
    return switch (workload.rule()) {
      case ADAM -> new Adam(workload.rate());
      case MOMENTUM -> new Nesterovs(workload.rate(), Workload.MOMENTUM_FACTOR);
      case SGD, NONE -> new Sgd(workload.rate());
    };
  }

  @Override
  public void run() {
    if (workload.rule() == Workload.Rule.NONE) {
      net.computeGradientAndScore();
    } else {
      net.fit(x, y);
    }
  }

  /** Gradients are sums over the batch here, which its updaters make means. */
  @Override
  public float[] result() {
    float loss = (float) net.score();
    if (workload.rule() != Workload.Rule.NONE) {
      return new float[] {loss};
    }
    INDArray first = net.gradient().getGradientFor("0_W").transpose().dup('c');
    float[] gradient = Dl4jContender.floats(first);
    float[] result = new float[1 + gradient.length];
    result[0] = loss;
    for (int i = 0; i < gradient.length; i++) {
      result[1 + i] = gradient[i] / workload.batch();
    }
    return result;
  }
}
