package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * The memory of passes up to one batch size, and the passes themselves, one for each size that was
 * asked for. Passes of different sizes use the same memory.
 */
final class Workspace implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  private final Engine engine;
  private final Architecture architecture;
  private final Use use;
  private final int capacity;
  private final Slabs slabs;
  private final Draws draws;
  private final Arena arena = Arena.ofShared();
  private final Pass[] passes;
  private final Map<Buffer.Place, MemorySegment[]> pieces = new HashMap<>();

  /** As many numbers as the widest layer has units, which plans do not count. */
  private Matrix zeros;

  private Matrix unread;
  private long bytes;

  /** Holds no memory yet. */
  Workspace(
      Engine engine, Architecture architecture, Use use, int capacity, Slabs slabs, Draws draws) {
    this.engine = engine;
    this.architecture = architecture;
    this.use = use;
    this.capacity = capacity;
    this.slabs = slabs;
    this.draws = draws;
    passes = new Pass[capacity + 1];
  }

  int capacity() {
    return capacity;
  }

  /** Returns how much memory was asked for. */
  long bytes() {
    return bytes;
  }

  Draws draws() {
    return draws;
  }

  /** Returns the pass for a batch size up to the capacity. */
  Pass pass(int batch) {
    Pass pass = passes[batch];
    if (pass == null) {
      Plan plan = Plan.of(engine, architecture, use, batch, capacity);
      pass = new Pass(plan, this, new Binding(engine, this, slabs));
      passes[batch] = pass;
    }
    return pass;
  }

  /** Returns the memory that a buffer lies in; null of the caller's. */
  MemorySegment segment(Buffer buffer) {
    return segments(buffer)[0];
  }

  /** Returns the memory that a buffer lies in, of each member. */
  MemorySegment[] segments(Buffer buffer) {
    boolean each = buffer.region() == Buffer.Region.SCRATCH;
    MemorySegment[] piece = pieces.get(buffer.place());
    // Blocks of smaller batches may be larger.
    if (piece == null || piece[0].byteSize() < buffer.bytes()) {
      piece = new MemorySegment[each ? engine.threads() : 1];
      for (int i = 0; i < piece.length; i++) {
        bytes += buffer.bytes();
        piece[i] = arena.allocate(buffer.bytes(), ALIGNMENT);
      }
      pieces.put(buffer.place(), piece);
    }
    return piece;
  }

  /** Returns zeros, which nobody writes. */
  Matrix zeros(int units) {
    zeros = atLeast(units, zeros);
    return zeros.rows(0, units);
  }

  /** Returns numbers that nobody reads. */
  Matrix unread(int units) {
    unread = atLeast(units, unread);
    return unread.rows(0, units);
  }

  private Matrix atLeast(int units, Matrix old) {
    return old != null && old.rows() >= units ? old : Matrix.allocate(arena, units, 1);
  }

  @Override
  public void close() {
    arena.close();
  }
}
