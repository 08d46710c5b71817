package fathom.nn;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The buffers of a recurrent layer's cell. Those of gradients are null where nothing is learnt, and
 * those that a kind of cell does not have are null too.
 *
 * @param z gates' rows x T B: the input's sums, which a step turns into what backward needs of them
 * @param h units x T B: the states
 * @param dz gates' rows x T B: gradients by the sums of the input
 * @param du the same by the sums of the state before
 * @param dh units x B: the gradient by the state of the step that backward is at
 * @param nothing units x B: the state before the first step, zeros
 * @param bias what is added to the input's sums: one number a row, made anew at each forward pass
 * @param inner units x T B: an LSTM's cells; what a GRU's candidates have of the state
 * @param tanhs units x T B: tanh of an LSTM's cells
 * @param unit a number for each unit that an Elman cell writes and nobody reads, or zeros
 * @param dc units x B: the gradient by an LSTM's cell
 */
record CellPlan(
    Buffer z,
    Buffer h,
    Buffer dz,
    Buffer du,
    Buffer dh,
    Buffer nothing,
    Buffer bias,
    Buffer inner,
    Buffer tanhs,
    Buffer unit,
    Buffer dc) {
  /** Asks for the buffers of the layer that enters. */
  static CellPlan of(Recurrent.Placed layer, Planner planner) {
    boolean learns = planner.learns();
    Recurrent.Kind kind = layer.kind();
    boolean elman = kind == Recurrent.Kind.RNN;
    boolean gru = kind == Recurrent.Kind.GRU;
    boolean lstm = kind == Recurrent.Kind.LSTM;
    int rows = layer.rows();
    int units = layer.units();
    int steps = layer.steps();
    Buffer z = planner.sequence("z", rows, steps);
    // An Elman cell's states take the place of the sums.
    Buffer h = elman ? z : planner.sequence("h", units, steps);
    Buffer dz = learns ? planner.sequence("dz", rows, steps) : null;
    Buffer du = learns && gru ? planner.sequence("du", rows, steps) : dz;
    return new CellPlan(
        z,
        h,
        dz,
        du,
        learns ? planner.sequence("dh", units, 1) : null,
        planner.sequence("h0_", units, 1),
        planner.column("bias", rows),
        elman ? null : planner.sequence(lstm ? "c" : "n", units, steps),
        lstm ? planner.sequence("tanh", units, steps) : null,
        gru ? null : planner.column("unit", units),
        learns && lstm ? planner.sequence("dc", units, 1) : null);
  }

  /** Returns what the way forward leaves for the way back. */
  List<Buffer> states() {
    return of(z, h, inner, tanhs);
  }

  /** Returns all that the way forward uses. */
  List<Buffer> forward() {
    return of(z, h, inner, tanhs, nothing, bias, unit);
  }

  /** Returns what the way back leaves for the gradients of weights. */
  List<Buffer> gradients() {
    return of(dz, du);
  }

  /** Returns all that the way back uses. */
  List<Buffer> back() {
    return of(dz, du, dh, dc);
  }

  private static List<Buffer> of(Buffer... buffers) {
    return Stream.of(buffers).filter(Objects::nonNull).distinct().toList();
  }
}
