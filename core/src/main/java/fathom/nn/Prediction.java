package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;

/** One caller's inference at a time, some rows at a time, on memory of its own. */
final class Prediction extends Task {
  /** The most rows that go through the network together. */
  static final int ROWS = 256;

  private final Engine engine;
  private final Workspace memory;
  private Pass pass;
  private Matrix y;

  Prediction(Engine engine, Workspace memory) {
    this.engine = engine;
    this.memory = memory;
  }

  /** {@code Y <- f(X)}. Nothing is allocated for up to {@link #ROWS} rows. */
  void run(Matrix inputs, Matrix outputs) {
    int rows = inputs.rows();
    for (int row = 0; row < rows; row += ROWS) {
      int end = Math.min(rows, row + ROWS);
      boolean all = end - row == rows;
      y = all ? outputs : outputs.rows(row, end);
      pass = memory.pass(end - row);
      // Products read by address, of which the caller's arena knows nothing: it may be closed.
      pass.input().copyFrom(all ? inputs : inputs.rows(row, end));
      engine.run(this, pass.worthSharing());
    }
    y = null;
  }

  @Override
  protected void share(Member member) {
    pass.forward(member, pass.input());
    if (member.index() == 0) {
      y.transposeFrom(pass.output());
    }
  }
}
