package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.data.Safetensors;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.Pass;
import fathom.optim.AdaGrad;
import fathom.optim.Adam;
import fathom.optim.AdamW;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.RmsProp;
import fathom.optim.Sgd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Training as PyTorch did it: the same parameters, the same batches, and then the same logits,
 * first gradients, losses and final parameters. A selection of the trajectories is in the test
 * resources; all of them are used where the shared folder is at hand.
 *
 * <p>The bounds are the ones that came with the trajectories, relative to a tensor's largest
 * element: PyTorch's own float32 run stays within 3e-6 of its float64 run in logits and gradients
 * and within 1e-5 at the end.
 */
class GoldenTest {
  private static final double FIRST_STEP = 1e-5;
  private static final double TRAJECTORY = 1e-4;
  private static final int ROWS = 160;
  private static final int BATCH = 16;

  static List<Path> selection() throws IOException, URISyntaxException {
    Path folder = Path.of(GoldenTest.class.getResource("/golden").toURI());
    List<Path> files = files(folder);
    assertTrue(files.size() >= 8, "only " + files.size() + " trajectories in the resources");
    return files;
  }

  static List<Path> all() throws IOException {
    Path folder = Path.of(System.getProperty("fathom.shared", "../../shared"), "golden");
    return Files.isDirectory(folder) ? files(folder) : List.of(folder);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("selection")
  void engineFollowsTheSelectedTrajectories(Path file) throws IOException {
    assertTrue(follow(file), file + " has parts that the engine lacks");
  }

  @ParameterizedTest
  @MethodSource("all")
  void engineFollowsEveryTrajectoryWhosePartsExist(Path file) throws IOException {
    Assumptions.assumeTrue(Files.exists(file), "no golden trajectories at " + file);
    Assumptions.assumeTrue(follow(file), "the engine lacks a part of " + file.getFileName());
  }

  /** Repeats a run; false if it needs a part that does not exist. */
  private static boolean follow(Path file) throws IOException {
    try (Safetensors golden = Safetensors.read(file)) {
      Map<String, Object> about = JSON.std.mapFrom(golden.metadata().get("case"));
      Optimizer optimizer = optimizer(object(about, "optimizer"));
      Loss loss = loss(golden, object(about, "loss"));
      NetworkBuilder builder = network(about);
      if (optimizer == null || loss == null || builder == null) {
        return false;
      }
      try (Network network = builder.build();
          Dataset data = data(golden, loss)) {
        for (Slab slab : List.of(network.parameters(), network.statistics())) {
          slab.matrices().forEach((name, matrix) -> golden.copyTo("initial." + name, matrix));
        }
        Trainer trainer = new Trainer(network, loss, optimizer);
        if (about.containsKey("clip_grad_norm")) {
          trainer.clipping(Clipping.byNorm(number(about, "clip_grad_norm").floatValue()));
        }
        compare(golden, network, trainer, data);
      }
      return true;
    }
  }

  private static void compare(Safetensors golden, Network network, Trainer trainer, Dataset data) {
    double[] losses = new double[(int) (long) golden.shape("losses").get(0)];
    double[] norms = new double[losses.length];
    int step = 0;
    while (step < losses.length) {
      for (Batch batch : data.batchesInOrder(BATCH)) {
        // Later steps are those that trainings take, where weights learn on the way back.
        trainer.keepGradients(step == 0);
        losses[step] = trainer.step(batch);
        norms[step] = trainer.gradientNorm();
        if (step == 0) {
          compareFirstStep(golden, network);
        }
        step++;
      }
    }
    assertClose("losses", golden.doubles("losses"), losses, TRAJECTORY);
    if (golden.names().contains("grad_norms")) {
      assertClose("grad_norms", golden.doubles("grad_norms"), norms, TRAJECTORY);
    }
    compareTensors(golden, "final.", network.parameters(), TRAJECTORY);
    compareTensors(golden, "final.", network.statistics(), TRAJECTORY);
  }

  /** Leaves out what rounding decides, as the trajectory itself names it. */
  private static void compareTensors(Safetensors golden, String role, Slab slab, double bound) {
    List<?> undetermined = List.of();
    try {
      Object named = JSON.std.mapFrom(golden.metadata().get("case")).get("undetermined");
      undetermined = named == null ? undetermined : (List<?>) named;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (Map.Entry<String, Matrix> e : slab.matrices().entrySet()) {
      String name = role + e.getKey();
      if (!undetermined.contains(name)) {
        assertClose(name, golden.doubles(name), flat(e.getValue().toArray()), bound);
      }
    }
  }

  private static void compareFirstStep(Safetensors golden, Network network) {
    long stamp = network.beginStep();
    try {
      Pass pass = network.pass(BATCH);
      float[][] columns = pass.output().toArray();
      double[] logits = new double[columns.length * BATCH];
      for (int s = 0; s < BATCH; s++) {
        for (int k = 0; k < columns.length; k++) {
          logits[s * columns.length + k] = columns[k][s];
        }
      }
      assertClose("logits", golden.doubles("logits.step1"), logits, FIRST_STEP);
    } finally {
      network.endStep(stamp);
    }
    compareTensors(golden, "grad.", network.gradients(), FIRST_STEP);
  }

  private static double[] flat(float[][] rows) {
    double[] values = new double[rows.length * rows[0].length];
    int i = 0;
    for (float[] row : rows) {
      for (float v : row) {
        values[i++] = v;
      }
    }
    return values;
  }

  private static void assertClose(String what, double[] expected, double[] actual, double bound) {
    assertEquals(expected.length, actual.length, what);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      double difference = Math.abs(expected[i] - actual[i]);
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    assertTrue(worst <= bound * largest, what + ": off by " + worst + " of " + largest);
  }

  private static Dataset data(Safetensors golden, Loss loss) {
    float[] inputs = golden.floats("input");
    float[][] x = rows(inputs);
    if (loss.wantsLabels()) {
      int[] labels = new int[ROWS];
      long[] target = golden.longs("target");
      for (int i = 0; i < ROWS; i++) {
        labels[i] = (int) target[i];
      }
      return Dataset.ofLabels(x, labels, (int) (long) golden.shape("logits.step1").get(1));
    }
    return Dataset.ofTargets(x, rows(golden.floats("target")));
  }

  private static float[][] rows(float[] values) {
    int cols = values.length / ROWS;
    float[][] rows = new float[ROWS][];
    for (int i = 0; i < ROWS; i++) {
      rows[i] = Arrays.copyOfRange(values, i * cols, (i + 1) * cols);
    }
    return rows;
  }

  private static NetworkBuilder network(Map<String, Object> about) {
    List<?> layers = (List<?>) about.get("layers");
    Map<?, ?> first = (Map<?, ?>) layers.get(0);
    int in = number(first, "in").intValue();
    NetworkBuilder builder =
        first.containsKey("time")
            ? Network.sequence(number(first, "time").intValue(), in)
            : Network.input(in);
    for (int i = 0; i < layers.size(); i++) {
      Map<?, ?> layer = (Map<?, ?>) layers.get(i);
      Activation activation = Activation.IDENTITY;
      if (i + 1 < layers.size() && !isLayer((Map<?, ?>) layers.get(i + 1))) {
        activation = activation((Map<?, ?>) layers.get(i + 1));
        i++;
      }
      switch ((String) layer.get("type")) {
        case "linear" -> {
          builder.dense(number(layer, "out").intValue(), activation, Initializer.ZEROS);
          if (!Boolean.TRUE.equals(layer.get("bias"))) {
            builder.noBias();
          }
        }
        case "batch_norm" ->
            builder.batchNorm(
                activation,
                number(layer, "momentum").floatValue(),
                number(layer, "eps").floatValue());
        case "layer_norm" -> builder.layerNorm(activation);
        case "rnn_tanh" -> builder.rnn(number(layer, "out").intValue());
        default -> {
          return null;
        }
      }
    }
    return builder;
  }

  private static boolean isLayer(Map<?, ?> layer) {
    return List.of("linear", "batch_norm", "layer_norm", "rnn_tanh").contains(layer.get("type"));
  }

  private static Activation activation(Map<?, ?> layer) {
    String type = (String) layer.get("type");
    return switch (type) {
      case "leaky_relu" -> Activation.leakyRelu(number(layer, "negative_slope").floatValue());
      case "elu" -> Activation.elu(number(layer, "alpha").floatValue());
      case "gelu" ->
          "tanh".equals(layer.get("approximate")) ? Activation.GELU_TANH : Activation.GELU;
      default -> Activation.named(type);
    };
  }

  private static Loss loss(Safetensors golden, Map<String, Object> about) {
    return switch ((String) about.get("type")) {
      case "cross_entropy" -> {
        double smoothing = number(about, "label_smoothing").doubleValue();
        Loss loss = Loss.SOFTMAX_CROSS_ENTROPY.labelSmoothing((float) smoothing);
        boolean weighted = golden.names().contains("loss.weight");
        yield weighted ? loss.classWeights(golden.floats("loss.weight")) : loss;
      }
      case "mse" -> Loss.MSE;
      case "bce_with_logits" -> Loss.SIGMOID_CROSS_ENTROPY;
      case "huber" -> Loss.HUBER;
      default -> null;
    };
  }

  private static Optimizer optimizer(Map<String, Object> about) {
    float rate = number(about, "lr").floatValue();
    return switch ((String) about.get("type")) {
      case "sgd" ->
          new Sgd(
              rate,
              number(about, "momentum").floatValue(),
              number(about, "dampening").floatValue(),
              number(about, "weight_decay").floatValue(),
              Boolean.TRUE.equals(about.get("nesterov")));
      case "adagrad" ->
          new AdaGrad(
              rate,
              number(about, "lr_decay").floatValue(),
              number(about, "eps").floatValue(),
              number(about, "weight_decay").floatValue());
      case "rmsprop" ->
          new RmsProp(
              rate,
              number(about, "alpha").floatValue(),
              number(about, "eps").floatValue(),
              number(about, "momentum").floatValue(),
              Boolean.TRUE.equals(about.get("centered")),
              number(about, "weight_decay").floatValue());
      case "adam" -> adam(about, rate);
      case "adamw" -> adamW(about, rate);
      default -> null;
    };
  }

  private static Adam adam(Map<String, Object> about, float rate) {
    List<?> betas = (List<?>) about.get("betas");
    assertNotNull(betas, "betas");
    return new Adam(
        rate,
        ((Number) betas.get(0)).floatValue(),
        ((Number) betas.get(1)).floatValue(),
        number(about, "eps").floatValue(),
        number(about, "weight_decay").floatValue(),
        Boolean.TRUE.equals(about.get("amsgrad")));
  }

  private static AdamW adamW(Map<String, Object> about, float rate) {
    Adam adam = adam(about, rate);
    return new AdamW(
        adam.rate(),
        adam.beta1(),
        adam.beta2(),
        adam.epsilon(),
        adam.weightDecay(),
        adam.amsgrad());
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Map<String, Object> about, String key) {
    return new TreeMap<>((Map<String, Object>) about.get(key));
  }

  private static Number number(Map<?, ?> about, String key) {
    Object value = about.get(key);
    assertNotNull(value, key + " in " + about);
    return (Number) value;
  }
}
