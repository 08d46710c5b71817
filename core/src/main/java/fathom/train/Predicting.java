package fathom.train;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import java.lang.foreign.Arena;

/** One pass over rows that a network predicts, in order, for all who want to compare. */
final class Predicting {
  /** The most rows that are predicted at once. */
  static final int BATCH = 256;

  private Predicting() {}

  /** Somebody who compares. */
  interface Reader {
    /** Reads a batch and its outputs, one row a sample; neither stays as it is. */
    void read(Batch batch, Matrix outputs);
  }

  /** Predicts all rows. Safe while others predict with the network. */
  static void forAll(Network network, Rows rows, Reader... readers) {
    try (Arena arena = Arena.ofShared();
        Batches.Iteration batches = rows.batchesInOrder(BATCH).iterator()) {
      Matrix y = Matrix.allocate(arena, Math.min(BATCH, rows.size()), network.outputs());
      while (batches.hasNext()) {
        Batch batch = batches.next();
        Matrix outputs = y.rows(0, batch.size());
        long reading = batch.beginReading();
        try {
          network.predict(batch.inputs(), outputs);
        } finally {
          batch.endReading(reading);
        }
        for (Reader reader : readers) {
          reader.read(batch, outputs);
        }
      }
    }
  }
}
