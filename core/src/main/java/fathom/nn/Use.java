package fathom.nn;

import java.util.List;

/**
 * What passes are for.
 *
 * @param training whether they go back too
 * @param frozen how many of the first layers do not learn
 * @param segments which layers share memory
 */
record Use(boolean training, int frozen, Segments segments) {
  /** Passes that go forward only. */
  static final Use INFERENCE = new Use(false, 0, Segments.KEEP_ALL);

  /** Returns passes that go back too, and keep the outputs of every k-th dense layer. */
  static Use training(List<Layer> layers, int frozen, int every) {
    return new Use(true, frozen, Segments.of(layers, every));
  }
}
