package fathom.kernel;

import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.SPECIES;

import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * What sums of floats in double precision take: two vectors of doubles hold what one of floats
 * does. Apart from {@link VectorMath}, so that a JVM that sums none starts without them.
 */
final class VectorDoubles {
  static final VectorSpecies<Double> D = VectorSpecies.of(double.class, SPECIES.vectorShape());

  /** Brings the upper half of the lanes down. */
  static final VectorShuffle<Float> UPPER = VectorShuffle.iota(SPECIES, LANES / 2, 1, true);

  private VectorDoubles() {}
}
