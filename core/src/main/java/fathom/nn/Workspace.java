package fathom.nn;

import fathom.kernel.Engine;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The memory of passes up to one batch size, and the passes themselves, one for each size that was
 * asked for. In training every layer keeps its output; in inference two buffers take turns.
 * Gradients take turns in two buffers as well, since a layer's is used up when the one below it is
 * made.
 */
final class Workspace implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  private final Engine engine;
  private final List<Dense> layers;
  private final int capacity;
  private final boolean training;
  private final Arena arena = Arena.ofShared();
  private final Pass[] passes;
  private final MemorySegment[] sums;
  private final MemorySegment[] outputs;
  private final MemorySegment[] gradients = new MemorySegment[2];

  Workspace(Engine engine, List<Dense> layers, int capacity, boolean training) {
    this.engine = engine;
    this.layers = layers;
    this.capacity = capacity;
    this.training = training;
    passes = new Pass[capacity + 1];
    sums = new MemorySegment[layers.size()];
    outputs = new MemorySegment[layers.size()];
    int widest = 0;
    for (Dense layer : layers) {
      widest = Math.max(widest, layer.out);
    }
    for (int i = 0; i < sums.length; i++) {
      Dense layer = layers.get(i);
      if (!training) {
        sums[i] = i < 2 ? allocate(widest) : sums[i - 2];
        outputs[i] = sums[i];
      } else {
        sums[i] = allocate(layer.out);
        outputs[i] = DensePass.keepsBoth(layer.activation) ? allocate(layer.out) : sums[i];
      }
    }
    if (training) {
      gradients[0] = allocate(widest);
      gradients[1] = allocate(widest);
    }
  }

  private MemorySegment allocate(int rows) {
    return arena.allocate(Math.max(1, (long) rows * capacity) * Float.BYTES, ALIGNMENT);
  }

  int capacity() {
    return capacity;
  }

  /** Returns the pass for a batch size up to the capacity. */
  Pass pass(int batch) {
    Pass pass = passes[batch];
    if (pass == null) {
      pass = new Pass(engine, layers, this, batch);
      passes[batch] = pass;
    }
    return pass;
  }

  Matrix sums(int layer, int rows, int batch) {
    return new Matrix(sums[layer], 0, rows, batch, batch);
  }

  Matrix outputs(int layer, int rows, int batch) {
    return new Matrix(outputs[layer], 0, rows, batch, batch);
  }

  Matrix gradients(int layer, int rows, int batch) {
    return training ? new Matrix(gradients[layer % 2], 0, rows, batch, batch) : null;
  }

  @Override
  public void close() {
    arena.close();
  }
}
