package fathom.nn;

/** The place of a step's random draws among all: by seed, step and layer. */
final class Draws {
  private static final int PLACES = 20;

  /** Keeps the streams of masks apart from those of the weights, which start from 0. */
  private static final long MASKS = 1L << 62;

  private long seed;
  private long step;

  void seed(long newSeed) {
    seed = newSeed;
  }

  /** Sets the number of the step, from 0. */
  void step(long newStep) {
    step = newStep;
  }

  long seed() {
    return seed;
  }

  long stream(int layer) {
    return MASKS | step << PLACES | layer;
  }
}
