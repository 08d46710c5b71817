package fathom.kernel;

import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.SPECIES;
import static jdk.incubator.vector.VectorOperators.F2D;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
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

  /** Returns the lower half of the lanes. */
  static DoubleVector low(FloatVector v) {
    return (DoubleVector) v.convertShape(F2D, D, 0);
  }

  /** Returns the upper half of the lanes. */
  static DoubleVector high(FloatVector v) {
    return (DoubleVector) v.rearrange(UPPER).convertShape(F2D, D, 0);
  }

  /** Adds the lanes of low and high, one after the other. */
  static double addLanes(double total, DoubleVector low, DoubleVector high) {
    for (int j = 0; j < D.length(); j++) {
      total += low.lane(j);
    }
    for (int j = 0; j < D.length(); j++) {
      total += high.lane(j);
    }
    return total;
  }
}
