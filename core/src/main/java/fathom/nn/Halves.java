package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Member;
import fathom.engine.Product;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;

/**
 * {@code dX <- Wᵀ D} as the sum of two products, one over the lower and one over the upper half of
 * the layer's units. A member then reads the rows of W that it also computes with in the forward
 * pass and updates after it, and no others: weights stay in its own caches. Where cores share no
 * cache, a row that another core has read costs a message for each line that is updated, which was
 * measured to take a third of a step of a deep net. The halves are there on any number of threads,
 * so that sums have one order.
 */
final class Halves {
  /** Fewer units make products too small to be worth another meeting. */
  private static final int FEWEST_UNITS = 256;

  private final Kernels kernels;
  private final Product product;
  private final Matrix[] weights;
  private final Matrix[] gradients;
  private final Matrix[] sums;

  /**
   * Binds memory.
   *
   * @param weight W: out x in
   * @param d out x B
   * @param dx in x B, overwritten
   * @param upper in x B, memory for the upper half's product
   */
  Halves(Engine engine, Matrix weight, Matrix d, Matrix dx, Matrix upper) {
    kernels = engine.kernels();
    product = engine.product(Form.TN, weight.cols(), d.cols(), weight.rows() / 2);
    weights = new Matrix[] {half(weight, 0), half(weight, 1)};
    gradients = new Matrix[] {half(d, 0), half(d, 1)};
    sums = new Matrix[] {dx, upper};
  }

  /** Returns whether a layer's units are enough for two halves, and can be cut into them. */
  static boolean suit(int units) {
    return units >= FEWEST_UNITS && units % (2 * Pass.BLOCK) == 0;
  }

  private static Matrix half(Matrix m, int which) {
    int rows = m.rows() / 2;
    return m.rows(which * rows, (which + 1) * rows);
  }

  /** Computes the member's share of dX and takes it through the rows of the group below. */
  void run(Member member, Group below) {
    int blocks = product.blocks();
    int end = member.to(2 * blocks);
    for (int i = member.from(2 * blocks); i < end; i++) {
      int half = i / blocks;
      product.run(weights[half], gradients[half], sums[half], i % blocks);
    }
    member.barrier();
    below.backwardRows(member, this);
  }

  /** Adds up rows {@code [from, to)}. */
  void add(int from, int to) {
    kernels.norm().addScaled(sums[0], 1, sums[1], sums[0], from, to);
  }
}
