package fathom.nn;

/** Stub. */
final class LstmCell extends Cell {
  LstmCell(Recurrent layer, Plan plan) {
    super(layer, plan, true, true);
    throw new IllegalStateException();
  }

  @Override
  void forward(int t, int from, int to) {}

  @Override
  void backward(int t, int from, int to) {}
}
