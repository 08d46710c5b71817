package fathom.nn;

import fathom.engine.Engine;
import java.util.List;

/**
 * A network's training passes, on memory for the largest batch up to now. For one step at a time.
 */
final class Trainings implements AutoCloseable {
  private final Engine engine;
  private final List<Layer> layers;
  private final Dropout.Draws draws;
  private int frozen;
  private Segments segments = Segments.KEEP_ALL;
  private Workspace memory;

  Trainings(Engine engine, List<Layer> layers, Dropout.Draws draws) {
    this.engine = engine;
    this.layers = layers;
    this.draws = draws;
  }

  /**
   * Lets the first layers be as they are, from the next pass on.
   *
   * @throws IllegalArgumentException if there are not so many
   */
  void freeze(int count) {
    if (count < 0 || count >= layers.size()) {
      throw new IllegalArgumentException(
          String.format(
              "can freeze 0 to %d of %d layers, not %d", layers.size() - 1, layers.size(), count));
    }
    frozen = count;
    close();
  }

  int frozen() {
    return frozen;
  }

  /**
   * Keeps the outputs of every k-th dense layer, from the next pass on.
   *
   * @throws IllegalArgumentException if every is not positive
   */
  void recompute(int every) {
    segments = Segments.of(layers, every);
    close();
  }

  /**
   * Returns the pass for a batch size; allocates for a batch larger than any before.
   *
   * @throws OutOfMemoryError if the system does not give the memory; smaller batches still do
   */
  Pass pass(int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("a batch needs at least one sample, not " + batch);
    }
    if (memory == null || memory.capacity() < batch) {
      close();
      Workspace larger = new Workspace(engine, layers, batch, true, frozen, segments, draws);
      try {
        Pass pass = larger.pass(batch);
        memory = larger;
        return pass;
      } catch (OutOfMemoryError e) {
        throw tooLarge(batch, e);
      } finally {
        // Smaller batches, which would be laid out in room for this one, must not fail as well.
        if (memory == null) {
          larger.close();
        }
      }
    }
    return memory.pass(batch);
  }

  private static OutOfMemoryError tooLarge(int batch, OutOfMemoryError refused) {
    OutOfMemoryError e =
        new OutOfMemoryError(
            String.format(
                "a training pass of %d rows takes more memory off-heap than the system gives (%s);"
                    + " take smaller batches, or keep fewer outputs by recompute()",
                batch, refused.getMessage()));
    e.initCause(refused);
    return e;
  }

  /** Returns how much memory the passes have taken. */
  long bytes() {
    return memory == null ? 0 : memory.bytes();
  }

  /** Frees all memory; nobody may be at work. */
  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
