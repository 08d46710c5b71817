package fathom.data;

import java.lang.foreign.Arena;

/** Memory that is handed on to the dataset that will own it, or closed where that fails. */
final class Mapping implements AutoCloseable {
  private final Arena arena = Arena.ofShared();

  Arena arena() {
    return arena;
  }

  /** Frees the memory; a second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
