package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/** Rows as a caller gives them: arrays of arrays. */
final class RowArrays {
  private RowArrays() {}

  /** Checks that there are rows of one length, which hold finite numbers. */
  static void require(String name, float[][] rows) {
    if (rows.length == 0 || rows[0].length == 0) {
      throw new IllegalArgumentException(name + " needs at least one row and one column");
    }
    for (int r = 0; r < rows.length; r++) {
      if (rows[r].length != rows[0].length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: row 0 has %d values, row %d has %d",
                name,
                rows[0].length,
                r,
                rows[r].length));
      }
      for (int c = 0; c < rows[r].length; c++) {
        if (!Float.isFinite(rows[r][c])) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "%s: row %d, column %d is %s, not a finite number",
                  name,
                  r,
                  c,
                  rows[r][c]));
        }
      }
    }
  }

  static void copy(float[][] rows, Matrix to) {
    for (int r = 0; r < rows.length; r++) {
      MemorySegment.copy(rows[r], 0, to.segment(), JAVA_FLOAT, to.byteOffset(r, 0), rows[r].length);
    }
  }
}
