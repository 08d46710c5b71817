package fathom.nn;

import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** The memory of one plan's pass, by buffer and by name, for operations that are bound to it. */
final class Binding {
  private final Engine engine;
  private final Workspace memory;
  private final Slabs slabs;
  private final Map<Buffer, Matrix> matrices = new HashMap<>();

  Binding(Engine engine, Workspace memory, Slabs slabs) {
    this.engine = engine;
    this.memory = memory;
    this.slabs = slabs;
  }

  Engine engine() {
    return engine;
  }

  Kernels kernels() {
    return engine.kernels();
  }

  Draws draws() {
    return memory.draws();
  }

  /** Returns the matrix of a buffer, always the same; null of none. */
  Matrix matrix(Buffer buffer) {
    return buffer == null ? null : matrices.computeIfAbsent(buffer, this::view);
  }

  private Matrix view(Buffer b) {
    return view(memory.segment(b), b);
  }

  private static Matrix view(MemorySegment segment, Buffer b) {
    return new Matrix(segment, 0, b.rows(), b.cols(), b.stride());
  }

  /** Returns the matrix of each member. What lies behind the rows stays zero. */
  Matrix[] members(Buffer scratch) {
    MemorySegment[] segments = memory.segments(scratch);
    Matrix[] matrices = new Matrix[segments.length];
    for (int i = 0; i < matrices.length; i++) {
      matrices[i] = view(segments[i], scratch);
    }
    return matrices;
  }

  Matrix parameter(String name) {
    return slabs.parameters().get(name);
  }

  Matrix statistic(String name) {
    return slabs.statistics().get(name);
  }

  /** Returns the gradient of a parameter; null in inference, which has none. */
  Matrix gradient(String name) {
    return slabs.gradients() == null ? null : slabs.gradients().get(name);
  }

  /** Returns the bias of a layer that has none: zeros. */
  Matrix zeros(int units) {
    return memory.zeros(units);
  }

  /** Returns where the gradient goes by a bias that a layer does not have; nobody reads it. */
  Matrix unread(int units) {
    return memory.unread(units);
  }
}
