package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's inferences: as many at once as there are callers, each on memory of its own, which is
 * kept for the next.
 */
final class Predictions implements AutoCloseable {
  private final Engine engine;
  private final Architecture architecture;
  private final int inputs;
  private final int outputs;
  private final Slabs slabs;
  private final Draws draws;
  private final ArrayDeque<Prediction> idle = new ArrayDeque<>();
  private final List<Workspace> workspaces = new ArrayList<>();

  Predictions(Engine engine, Architecture architecture, Slabs slabs, Draws draws) {
    this.engine = engine;
    this.architecture = architecture;
    inputs = architecture.inputs();
    outputs = architecture.outputs();
    this.slabs = slabs;
    this.draws = draws;
  }

  /**
   * {@code Y <- f(X)}.
   *
   * @throws IllegalArgumentException if a shape does not fit
   */
  void run(Matrix x, Matrix y) {
    if (x.cols() != inputs || y.cols() != outputs || x.rows() != y.rows()) {
      throw new IllegalArgumentException(
          String.format(
              "predict: inputs are %s and outputs %s, but this network maps rows of %d to rows of"
                  + " %d",
              x, y, inputs, outputs));
    }
    Prediction prediction = take();
    try {
      prediction.run(x, y);
    } finally {
      synchronized (idle) {
        idle.push(prediction);
      }
    }
  }

  /** Returns how much memory all callers together have taken. */
  long bytes() {
    synchronized (idle) {
      return workspaces.stream().mapToLong(Workspace::bytes).sum();
    }
  }

  private Prediction take() {
    synchronized (idle) {
      Prediction prediction = idle.poll();
      if (prediction == null) {
        Workspace memory =
            new Workspace(engine, architecture, Use.INFERENCE, Prediction.ROWS, slabs, draws);
        workspaces.add(memory);
        prediction = new Prediction(engine, memory);
      }
      return prediction;
    }
  }

  /** Frees all memory, on the heap as well; nobody may be at work. */
  @Override
  public void close() {
    workspaces.forEach(Workspace::close);
    workspaces.clear();
    idle.clear();
  }
}
