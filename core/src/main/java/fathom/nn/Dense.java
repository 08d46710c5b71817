package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Member;
import fathom.engine.Product;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.List;

/**
 * A fully connected layer: {@code A = f(W X + b 1ᵀ)}, with W: out x in.
 *
 * @param units the rows of W
 * @param activation f
 * @param initializer what draws W; b starts at zero
 * @param bias whether there is b
 */
public record Dense(int units, Activation activation, Initializer initializer, boolean bias)
    implements LayerSpec {
  /**
   * Checks the size.
   *
   * @throws IllegalArgumentException if there is no unit
   */
  public Dense {
    Architecture.requirePositive("a layer", units);
  }

  /** Returns the same layer without a bias. */
  public Dense withoutBias() {
    return new Dense(units, activation, initializer, false);
  }

  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.dense(this);
  }

  @Override
  public int units(int below) {
    return units;
  }

  @Override
  public int modules() {
    return 1 + LayerSpec.modules(activation);
  }

  @Override
  public String toString() {
    return units + ":" + activation + (bias ? "" : ":no_bias");
  }

  Layer at(Layer.Site site) {
    return new Placed(site);
  }

  private final class Placed extends Activated {
    Placed(Site site) {
      super(Dense.this, site, activation, bias);
    }

    private String weight() {
      return name(0, "weight");
    }

    @Override
    public List<Tensor> tensors() {
      return withVectors(Tensor.weight(weight(), units, in()));
    }

    @Override
    void initialize(Drawing drawing) {
      super.initialize(drawing);
      drawing.draw(initializer, drawing.parameter(weight()), in(), units, index());
    }

    @Override
    void enter(Planner planner) {
      Buffer z = product(planner);
      if (bias || !activation.equals(Activation.IDENTITY)) {
        activate(planner, z);
      }
    }

    /** Starts a group with the product, and returns its sums. */
    private Buffer product(Planner planner) {
      boolean first = planner.isEmpty();
      Buffer x = planner.product();
      Buffer z = planner.output("z", units);
      int samples = z.cols();
      Engine engine = planner.engine();
      Product product = engine.product(first ? Form.NT : Form.NN, units, samples, in());
      Product gradient = engine.product(first ? Form.NN : Form.NT, units, in(), samples);
      boolean learns = planner.learns();
      boolean lowest = planner.isLowest();
      boolean halved = !lowest && Halves.suit(units);
      List<Buffer> upper = halved ? List.of(planner.upperHalf(in(), samples)) : List.of();
      int stride = Slab.Layout.stride(units, in());
      List<Buffer> block =
          learns ? List.of(planner.scratch(gradient.tallest(), in(), stride)) : List.of();
      planner.beginProduct(
          new HeadPlan(
              work("Z = W X", List.of(x), List.of(z), product),
              lowest ? Work.NONE : work("dX = transpose(W) dZ", List.of(), upper, product),
              learns ? work("dW = dZ transpose(X)", List.of(x), block, product) : Work.NONE,
              z,
              1,
              false,
              (bound, d, below) ->
                  new Multiplying(this, bound, product, gradient, z, block)
                      .halved(bound, d, below, upper)));
      return z;
    }

    @Override
    public String brief() {
      return units + (activation.equals(Activation.IDENTITY) ? "" : " " + activation);
    }

    @Override
    public String toString() {
      return in() + " -> " + units + " " + activation + ", " + initializer;
    }

    private Work work(String operation, List<Buffer> reads, List<Buffer> writes, Product product) {
      return Work.of(operation, reads, writes).with(List.of(weight())).costing(product.flops());
    }
  }

  /**
   * The products on batches of one size: B samples, feature-major. A member computes blocks of
   * units; what follows a product row by row is done on the block while it is in cache.
   */
  private static final class Multiplying extends Head {
    private final Layer layer;
    private final Matrix z;
    private final Matrix weight;
    private final Matrix weightGradient;
    private final boolean learns;
    private final Product forward;
    private final Product gradient;
    private final Product inputProduct;
    private Halves halves;

    /**
     * A block of gradients for each member, with rows as far apart as in a slab: never read again
     * once it has been learnt from.
     */
    private final Matrix[] blocks;

    Multiplying(
        Placed layer,
        Binding bound,
        Product forward,
        Product gradient,
        Buffer z,
        List<Buffer> block) {
      this.layer = layer;
      this.z = bound.matrix(z);
      this.forward = forward;
      this.gradient = gradient;
      inputProduct = bound.engine().product(Form.TN, layer.in(), z.cols(), layer.out());
      weight = bound.parameter(layer.weight());
      weightGradient = bound.gradient(layer.weight());
      learns = !block.isEmpty();
      blocks = learns ? bound.members(block.get(0)) : new Matrix[0];
    }

    /** Returns this, with the way back cut into halves if there is memory for one. */
    Multiplying halved(Binding bound, Matrix d, Matrix below, List<Buffer> upper) {
      if (!upper.isEmpty()) {
        halves = new Halves(bound.engine(), weight, d, below, bound.matrix(upper.get(0)));
      }
      return this;
    }

    /** {@code Z <- W X} and what follows, for the member's blocks of units. */
    @Override
    void forward(Member member, Matrix input, Group group) {
      int end = member.to(forward.blocks());
      for (int block = member.from(forward.blocks()); block < end; block++) {
        forward.run(weight, input, z, block);
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
          forward.run(weight, input, z, block);
        }
        member.barrier();
        again = calibrator.look(member, layer.index(), weight, z);
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
      int end = member.to(inputProduct.blocks());
      for (int block = member.from(inputProduct.blocks()); block < end; block++) {
        inputProduct.run(weight, group.d, below.d, block);
        below.backward(inputProduct.from(block), inputProduct.to(block));
      }
    }

    /** {@code V <- W V} and what follows, for the member's blocks of units. */
    @Override
    void tangent(Member member, Group group, Group below) {
      int end = member.to(forward.blocks());
      for (int block = member.from(forward.blocks()); block < end; block++) {
        forward.run(weight, below.d, group.d, block);
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
      Matrix dw = weightGradient;
      int end = member.to(gradient.blocks());
      for (int block = member.from(gradient.blocks()); block < end; block++) {
        if (learner == null) {
          gradient.run(group.d, input, dw, block);
          continue;
        }
        Matrix own = blocks[member.index()];
        gradient.runApart(group.d, input, own, block);
        long from = dw.offset(gradient.from(block));
        long to = dw.offset(gradient.to(block));
        learner.learn(own.segment(), from, from, to);
      }
    }

    @Override
    long learnt() {
      return learns ? (long) weight.rows() * weight.stride() : 0;
    }
  }
}
