package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Member;
import fathom.engine.Product;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;

/**
 * A dense layer's products on batches of one size: B samples, feature-major. A member computes
 * blocks of units; what follows a product row by row is done on the block while it is in cache.
 */
final class DensePass extends Head {
  private final Dense layer;
  private final int place;
  private final Matrix z;
  private final boolean learns;
  private final boolean lowest;
  private final Product forward;
  private final Product weightGradient;
  private final Product inputGradient;
  private final Engine engine;
  private final Workspace memory;
  private Halves halves;

  /**
   * A block of gradients for each member, with rows as far apart as in a slab: never read again
   * once it has been learnt from.
   */
  private final Matrix[] blocks;

  /**
   * Binds the products.
   *
   * @param place which of the network's layers this is, from 0
   * @param z out x B: the weighted sums
   * @param first whether the layer reads the batch as it came, B x in, rather than feature-major
   * @param learns whether gradients by the weights are computed
   * @param lowest whether no gradient by the input is needed
   * @param memory that lends each member room for a block of gradients
   */
  DensePass(
      Engine engine,
      Dense layer,
      int place,
      Matrix z,
      boolean first,
      boolean learns,
      boolean lowest,
      Workspace memory) {
    int batch = z.cols();
    this.engine = engine;
    this.memory = memory;
    this.layer = layer;
    this.place = place;
    this.z = z;
    this.learns = learns;
    this.lowest = lowest;
    forward = engine.product(first ? Form.NT : Form.NN, layer.out, batch, layer.in);
    weightGradient = engine.product(first ? Form.NN : Form.NT, layer.out, layer.in, batch);
    inputGradient = engine.product(Form.TN, layer.in, batch, layer.out);
    // As tall as a block of the samples that count: how a product is cut depends on its size.
    int tallest =
        engine
            .product(first ? Form.NN : Form.NT, layer.out, layer.in, memory.samples(batch))
            .tallest();
    int stride = Slab.Layout.stride(layer.out, layer.in);
    blocks = learns ? memory.scratch(tallest, layer.in, stride) : new Matrix[0];
  }

  @Override
  void place(Group group, Group below) {
    if (!lowest && Halves.suit(layer.out)) {
      Matrix upper = memory.gradient(Workspace.HALF, layer.in, z.cols());
      // A plan that is only reckoned has no weights.
      halves =
          layer.weight == null ? null : new Halves(engine, layer.weight, group.d, below.d, upper);
    }
  }

  @Override
  double flops() {
    return forward.flops() * (1 + (learns ? 1 : 0) + (lowest ? 0 : 1));
  }

  /** {@code Z <- W X} and what follows, for the member's blocks of units. */
  @Override
  void forward(Member member, Matrix input, Group group) {
    int end = member.to(forward.blocks());
    for (int block = member.from(forward.blocks()); block < end; block++) {
      forward.run(layer.weight, input, z, block);
      group.forward(forward.from(block), forward.to(block));
    }
  }

  @Override
  void calibrate(Member member, Matrix input, Group group, Calibrator calibrator) {
    if (!learns) {
      forward(member, input, group);
      return;
    }
    int end = member.to(forward.blocks());
    boolean again = true;
    while (again) {
      for (int block = member.from(forward.blocks()); block < end; block++) {
        forward.run(layer.weight, input, z, block);
      }
      member.barrier();
      again = calibrator.look(member, place, layer.weight, z);
      member.barrier();
    }
    group.forwardRows(member);
  }

  /** {@code dA <- Wᵀ D} for the member's blocks of the units below, and their way back. */
  @Override
  void backward(Member member, Group group, Group below) {
    if (halves != null) {
      halves.run(member, below);
      return;
    }
    int end = member.to(inputGradient.blocks());
    for (int block = member.from(inputGradient.blocks()); block < end; block++) {
      inputGradient.run(layer.weight, group.d, below.d, block);
      below.backward(inputGradient.from(block), inputGradient.to(block));
    }
  }

  /** {@code V <- W V} and what follows, for the member's blocks of units. */
  @Override
  void tangent(Member member, Group group, Group below) {
    int end = member.to(forward.blocks());
    for (int block = member.from(forward.blocks()); block < end; block++) {
      forward.run(layer.weight, below.d, group.d, block);
      group.tangent(forward.from(block), forward.to(block));
    }
  }

  /**
   * {@code dW <- D Xᵀ} for the member's blocks of units. With a learner a block of dW is used up
   * while it is in cache, and never sees the slab.
   */
  @Override
  void learn(Member member, Matrix input, Group group, Learner learner) {
    if (!learns) {
      return;
    }
    Matrix dw = layer.weightGradient;
    int end = member.to(weightGradient.blocks());
    for (int block = member.from(weightGradient.blocks()); block < end; block++) {
      if (learner == null) {
        weightGradient.run(group.d, input, dw, block);
        continue;
      }
      Matrix own = blocks[member.index()];
      weightGradient.runApart(group.d, input, own, block);
      long from = dw.offset(weightGradient.from(block));
      long to = dw.offset(weightGradient.to(block));
      learner.learn(own.segment(), from, from, to);
    }
  }

  @Override
  long learnt() {
    return learns ? (long) layer.out * Slab.Layout.stride(layer.out, layer.in) : 0;
  }
}
