package fathom.nn;

import java.util.function.Function;

/**
 * A {@link RowPass} before it has memory.
 *
 * @param layer which layer it belongs to
 * @param back what is done to the gradient in its place
 * @param blocksBegun 1 where a branch leaves, -1 where it comes back
 * @param pass binds it
 */
record RowPlan(
    int layer,
    Work forward,
    Work back,
    Buffer output,
    int blocksBegun,
    Function<Binding, RowPass> pass) {
  RowPlan(int layer, Work forward, Work back, Buffer output, Function<Binding, RowPass> pass) {
    this(layer, forward, back, output, 0, pass);
  }
}
