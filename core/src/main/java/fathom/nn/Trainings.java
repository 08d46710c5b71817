package fathom.nn;

import fathom.engine.Engine;

/**
 * A network's training passes, on memory for the largest batch up to now. For one step at a time.
 */
final class Trainings implements AutoCloseable {
  private final Engine engine;
  private final Architecture architecture;
  private final Draws draws;
  private int frozen;
  private int every = 1;
  private Workspace memory;

  Trainings(Engine engine, Architecture architecture, Draws draws) {
    this.engine = engine;
    this.architecture = architecture;
    this.draws = draws;
  }

  /**
   * Lets the first layers be as they are, from the next pass on.
   *
   * @throws IllegalArgumentException if there are not so many
   */
  void freeze(int count) {
    architecture.requireFreezable(count);
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
  void recompute(int newEvery) {
    every = Segments.requirePositive(newEvery);
    close();
  }

  /**
   * Returns the pass for a batch size; allocates for a batch larger than any before.
   *
   * @throws OutOfMemoryError if the system does not give the memory; smaller batches still do
   */
  Pass pass(int batch, Slabs slabs) {
    int unused = Plan.requirePositive(batch);
    if (memory == null || memory.capacity() < batch) {
      close();
      Use use = Use.training(architecture.placed(), frozen, every);
      Workspace larger = new Workspace(engine, architecture, use, batch, slabs, draws);
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
