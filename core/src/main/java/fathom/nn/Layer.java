package fathom.nn;

import java.util.List;
import java.util.Optional;

/**
 * A layer in its place in an architecture: what is known of it once the layers around it are. A
 * residual block has two places, where its branch leaves and where it comes back; both have the
 * block as their {@link #spec}. Immutable.
 *
 * <p>Names are those of PyTorch's {@code nn.Sequential}: a layer's number, and inside a residual
 * block the block's number before it.
 */
public abstract class Layer {
  private final LayerSpec spec;
  private final Site site;

  /**
   * Where a layer stands.
   *
   * @param index which of the network's layers it is, from 0
   * @param in units below it, those of a step where there are several times
   * @param times how often a sample passes through: step by step between recurrent layers, else 1
   * @param prefix of the names of modules: empty, or the block's name and a dot
   * @param module the number of the layer's first module
   */
  record Site(int index, int in, int times, String prefix, int module) {}

  Layer(LayerSpec spec, Site site) {
    this.spec = spec;
    this.site = site;
  }

  /** Returns the description. */
  public final LayerSpec spec() {
    return spec;
  }

  /** Returns which of the network's layers this is, from 0. */
  public final int index() {
    return site.index;
  }

  /** Returns the length of an input of a sample; of one of its steps, where {@link #times} is. */
  public int in() {
    return site.in;
  }

  /** Returns the length of an output of a sample; of one of its steps, where {@link #times} is. */
  public int out() {
    return spec.units(site.in);
  }

  /** Returns how often a sample passes through: step by step between recurrent layers, else 1. */
  public final int times() {
    return site.times;
  }

  /** Returns the number of the layer's first module, and all that comes before it. */
  public final String module() {
    return site.prefix + site.module;
  }

  /** Returns the name of a tensor of this layer's k-th module. */
  final String name(int k, String tensor) {
    return site.prefix + (site.module + k) + "." + tensor;
  }

  /** Returns the activation that the layer ends in; none is that of layers that have no such. */
  public Optional<Activation> activation() {
    return Optional.empty();
  }

  /** Returns the learnt tensors, weights first, and then what is kept. */
  public List<Tensor> tensors() {
    return List.of();
  }

  /** Returns the names of what is learnt, weights first. */
  public final List<String> parameterNames() {
    return tensors().stream().filter(Tensor::isLearnt).map(Tensor::name).toList();
  }

  /** Draws parameters and starts statistics anew. */
  void initialize(Drawing drawing) {}

  /** Adds the layer's work for batches of one size. */
  abstract void enter(Planner planner);

  /** Returns how many residual blocks begin here, or -1 where one ends. */
  int blocksBegun() {
    return 0;
  }

  /** Returns whether a branch leaves here. */
  public final boolean opensBlock() {
    return blocksBegun() > 0;
  }

  /** Returns whether a branch comes back here. */
  public final boolean closesBlock() {
    return blocksBegun() < 0;
  }

  /** Returns the layer in a few words, as in {@code 256 relu}. */
  public String brief() {
    return toString();
  }

  /** Returns the layer in a line, as in {@code 784 -> 256 relu, he_normal}. */
  @Override
  public abstract String toString();
}
