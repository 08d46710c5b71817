package fathom.cli;

import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.data.Split;

/**
 * Which rows are held out for the test.
 *
 * @param fraction the share of all rows, 0 for none, null for a fifth where the data have no test
 *     set of their own
 * @param seed what the choice depends on
 */
record Holdout(Double fraction, long seed) {
  private static final double FIFTH = 0.2;

  Holdout {
    if (fraction != null && !(fraction >= 0 && fraction < 1)) {
      throw new BadInput("--test must be at least 0 and less than 1, not " + fraction);
    }
  }

  double share() {
    return fraction == null ? FIFTH : fraction;
  }

  /** Returns the rows to train on and those held out, of which there may be none. */
  Split split(Dataset data) {
    return share() == 0 ? new Split(data.rows(), null) : data.split(share(), seed);
  }

  /** Returns the rows held out, or all where there are none. */
  Rows heldOf(Dataset data) {
    return share() == 0 ? data.rows() : data.split(share(), seed).held();
  }
}
