package fathom.nn;

/**
 * A matrix of a {@link Plan}: its shape and the piece of memory that it will lie in. Buffers with
 * the same region and slot lie in the same memory, one after the other.
 *
 * @param id which of the plan's buffers this is, from 0
 * @param name what it is and the layer that it belongs to, as in {@code z3}, counted from 0
 * @param region the kind of memory
 * @param slot which piece of the region
 * @param rows units, in general
 * @param cols samples, samples times steps, or 1
 * @param stride the distance between rows, in numbers
 * @param bytes the size of the piece of memory, once for each thread in {@link Region#SCRATCH}
 */
public record Buffer(
    int id, String name, Region region, int slot, int rows, int cols, int stride, long bytes) {
  /** A kind of memory. */
  public enum Region {
    /** The caller's batch, samples in rows. */
    BATCH,
    /** Memory that no other buffer lies in. */
    OWN,
    /** Memory of outputs that are computed again on the way back, for one run of layers at once. */
    SHARED,
    /** Memory that outputs of an inference take in turns. */
    REUSED,
    /** Gradients by outputs on their way back, which take turns. */
    GRADIENT,
    /** Gradients that go around branches. */
    SKIP,
    /** A block of a weight gradient for each thread. */
    SCRATCH
  }

  /** Returns the piece of memory, equal for buffers that lie in the same one. */
  Place place() {
    return new Place(region, slot);
  }

  /** A piece of memory. */
  record Place(Region region, int slot) {}

  /** Returns whether this buffer lies in the same memory as another. */
  public boolean overlaps(Buffer other) {
    return place().equals(other.place());
  }

  /** Returns the name and the shape, as in {@code z3 256x32}. */
  @Override
  public String toString() {
    return name + " " + rows + "x" + cols;
  }
}
