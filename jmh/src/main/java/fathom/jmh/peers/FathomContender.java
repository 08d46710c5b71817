package fathom.jmh.peers;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.jmh.Networks;
import fathom.jmh.Workload;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Trainer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Fathom, through what its users call; one network trains as another program's would. */
public final class FathomContender implements Contender {
  private static final int SHOWN = 200_000;

  private final Engine engine;
  private final Arena arena = Arena.ofShared();

  /** Opens an engine of its own. */
  public FathomContender(int threads) {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
  }

  @Override
  public String about() {
    return "Fathom on "
        + engine.blas().name()
        + " (core "
        + engine.blas().core()
        + "), "
        + engine.kernels().bits()
        + "-bit vectors";
  }

  @Override
  public Job prepare(Discipline discipline) {
    return switch (discipline.kind()) {
      case TRAIN, START -> training(discipline.workload());
      case GRADIENT -> gradient(discipline.workload());
      case INFER -> answer(discipline.workload(), discipline.size());
      case FILL_NORMAL -> fill(Initializer.HE_NORMAL);
      case FILL_UNIFORM -> fill(Initializer.XAVIER_UNIFORM);
      case ACTIVATION -> new FathomElementwise(discipline, engine.kernels().activation(), arena);
      case OPTIMIZER -> new FathomUpdate(engine, discipline.size(), arena);
      case PEAK -> throw new UnsupportedOperationException("the floor measures the peak");
    };
  }

  private Network network(Workload workload) {
    Network network = Networks.of(workload, engine);
    int layer = 0;
    for (Map.Entry<String, Matrix> entry : network.parameters().matrices().entrySet()) {
      if (network.weightNames().contains(entry.getKey())) {
        copy(Samples.weights(workload, layer++), entry.getValue());
      }
    }
    return network;
  }

  private static Batch batch(Workload workload) {
    int rows = workload.batch();
    float[][] x = rows(Samples.inputs(workload, rows), workload.widths()[0]);
    int[] labels = new int[rows];
    for (int r = 0; r < rows; r++) {
      labels[r] = Samples.label(workload, r);
    }
    Dataset data =
        workload.squaredError()
            ? Dataset.ofTargets(x, rows(Samples.targets(workload), workload.classes()))
            : Dataset.ofLabels(x, labels, workload.classes());
    return data.batchesInOrder(rows).iterator().next();
  }

  private Job training(Workload workload) {
    Trainer trainer =
        new Trainer(network(workload), Loss.SOFTMAX_CROSS_ENTROPY, Networks.optimizer(workload));
    Batch batch = batch(workload);
    return new Job() {
      private double loss;

      @Override
      public void run() {
        loss = trainer.step(batch);
      }

      @Override
      public float[] result() {
        return new float[] {(float) loss};
      }
    };
  }

  private Job gradient(Workload workload) {
    return new FathomGradient(network(workload), batch(workload), arena);
  }

  private Job answer(Workload workload, int rows) {
    Network network = network(workload);
    Matrix x = Matrix.allocate(arena, rows, network.inputs());
    Matrix y = Matrix.allocate(arena, rows, network.outputs());
    copy(Samples.inputs(workload, rows), x);
    return job(() -> network.predict(x, y), y);
  }

  private Job fill(Initializer initializer) {
    int side = Discipline.FILL_SIDE;
    Matrix weights = Matrix.allocate(arena, side, side);
    return job(() -> initializer.fill(engine, weights, side, side, 42, 0), weights);
  }

  /** Returns a job whose result is the start of a matrix. */
  static Job job(Runnable run, Matrix result) {
    return new Job() {
      @Override
      public void run() {
        run.run();
      }

      @Override
      public float[] result() {
        float[] values = new float[Math.min(SHOWN, result.rows() * result.cols())];
        MemorySegment.copy(
            result.segment(), JAVA_FLOAT, result.byteOffset(0, 0), values, 0, values.length);
        return values;
      }
    };
  }

  static void copy(float[] values, Matrix matrix) {
    int cols = matrix.cols();
    for (int r = 0; r < matrix.rows(); r++) {
      MemorySegment.copy(
          values, r * cols, matrix.segment(), JAVA_FLOAT, matrix.byteOffset(r, 0), cols);
    }
  }

  private static float[][] rows(float[] values, int cols) {
    float[][] rows = new float[values.length / cols][cols];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(values, r * cols, rows[r], 0, cols);
    }
    return rows;
  }
}
