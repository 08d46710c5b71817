package fathom.nn;

import fathom.engine.Engine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Counts what a {@link Workspace} would take, by laying out a pass of one or two samples in memory
 * that all of its matrices share. The pass never runs, and its layers need no parameters.
 */
final class Reckoning extends Workspace {
  private static final int ALIGNMENT = 64;

  private final int batch;
  private final Arena arena = Arena.ofShared();
  private MemorySegment shared = arena.allocate(ALIGNMENT);
  private long place;

  private Reckoning(
      Engine engine,
      List<Layer> layers,
      int batch,
      boolean training,
      int frozen,
      Segments segments) {
    super(engine, layers, Math.min(2, batch), training, frozen, segments, new Dropout.Draws());
    this.batch = batch;
  }

  /** Returns the bytes of a workspace that has run a batch. */
  static long of(
      Engine engine,
      List<Layer> layers,
      int batch,
      boolean training,
      int frozen,
      Segments segments) {
    try (Reckoning reckoning = new Reckoning(engine, layers, batch, training, frozen, segments)) {
      Pass unused = reckoning.pass(reckoning.capacity());
      return reckoning.bytes();
    }
  }

  @Override
  int samples(int laidOut) {
    return laidOut / capacity() * batch;
  }

  @Override
  long bytes(int rows, int cols) {
    return super.bytes(rows, cols == 1 ? 1 : batch);
  }

  /** Segments of different sizes or places differ, as those of a workspace do. */
  @Override
  MemorySegment segment(long size) {
    place += ALIGNMENT;
    if (shared.byteSize() < place + size) {
      shared = arena.allocate(2 * (place + size), ALIGNMENT);
    }
    return shared.asSlice(place, size);
  }

  @Override
  public void close() {
    super.close();
    arena.close();
  }
}
