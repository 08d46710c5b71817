package fathom.nn;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.UnaryOperator;

/** An {@link Architecture} in the making, layer by layer; what does not fit is refused at once. */
final class ArchitectureBuilder {
  /** A residual block whose branch is being described: the layers around it, and what it takes. */
  private record Block(List<LayerSpec> around, int units) {}

  private final int steps;
  private final int features;
  private final Deque<Block> blocks = new ArrayDeque<>();
  private List<LayerSpec> layers = new ArrayList<>();
  private int units;

  /**
   * Starts without layers.
   *
   * @param steps of a sequence; 0 for rows that are none
   */
  ArchitectureBuilder(int steps, int features) {
    this.steps = steps;
    this.features = features;
    units = Architecture.inputs(steps, features);
  }

  /** Starts with the layers of an architecture. */
  ArchitectureBuilder(Architecture architecture) {
    this(architecture.steps(), architecture.features());
    layers.addAll(architecture.layers());
    units = architecture.outputs();
  }

  /**
   * Returns what has been described.
   *
   * @throws IllegalStateException if there is no layer, or a residual block has not ended
   */
  Architecture architecture() {
    if (layers.isEmpty() && blocks.isEmpty()) {
      throw new IllegalStateException("a network needs at least one layer");
    }
    if (isInBlock()) {
      throw new IllegalStateException("a residual block was begun and not ended");
    }
    return new Architecture(steps, features, layers);
  }

  boolean isInBlock() {
    return !blocks.isEmpty();
  }

  /** Returns whether {@link #architecture} has something to return. */
  boolean isComplete() {
    return !layers.isEmpty() && !isInBlock();
  }

  /**
   * Adds a layer.
   *
   * @throws IllegalArgumentException if it does not fit what lies below
   */
  void add(LayerSpec layer) {
    if (layer instanceof Residual block) {
      begin();
      block.branch().forEach(this::add);
      end(block.scale());
      return;
    }
    if (layer instanceof Recurrent recurrent) {
      if (isInBlock()) {
        throw Architecture.noSequence();
      }
      Architecture.requireSequence(steps, features, layers, units, recurrent);
    }
    layers.add(layer);
    units = layer.units(units);
  }

  /** Begins a residual block; what is added until its end is its branch. */
  void begin() {
    blocks.push(new Block(layers, units));
    layers = new ArrayList<>();
  }

  /** Ends the innermost residual block. */
  void end(float scale) {
    Block block = blocks.pop();
    if (!layers.isEmpty()) {
      Architecture.requireSame(block.units, units);
    }
    Residual residual = new Residual(scale, layers);
    layers = block.around;
    layers.add(residual);
  }

  /** Returns the last layer; null if there is none, or it is the one before a branch. */
  private LayerSpec last() {
    return layers.isEmpty() ? null : layers.get(layers.size() - 1);
  }

  /** Takes the bias from the last layer, which has to be dense. */
  void noBias() {
    if (!(last() instanceof Dense dense)) {
      throw new IllegalStateException("noBias() is for a dense layer, right behind it");
    }
    layers.set(layers.size() - 1, dense.withoutBias());
  }

  /** Replaces the last layer, which has to be recurrent. */
  void lastRecurrent(String what, UnaryOperator<Recurrent> change) {
    if (!(last() instanceof Recurrent recurrent)) {
      throw new IllegalStateException(what + " is for a recurrent layer, right behind it");
    }
    layers.set(layers.size() - 1, change.apply(recurrent));
  }

  /** Lets gradients flow back some steps at most, in all recurrent layers. */
  void truncate(int window) {
    List<LayerSpec> top = isInBlock() ? blocks.getLast().around : layers;
    top.replaceAll(layer -> layer instanceof Recurrent r ? r.truncated(window) : layer);
  }

  /** Takes the last layer away, which must be dense and outside of residual blocks. */
  void removeHead() {
    if (!(last() instanceof Dense) || isInBlock()) {
      throw new IllegalStateException(
          "only a dense layer can be replaced as the head, and the last layer is "
              + describeLast());
    }
    layers.remove(layers.size() - 1);
    units = Architecture.inputs(steps, features);
    for (LayerSpec layer : layers) {
      units = layer.units(units);
    }
  }

  private String describeLast() {
    if (layers.isEmpty()) {
      return isInBlock() ? "[" : "none";
    }
    if (isInBlock()) {
      return last().toString();
    }
    List<Layer> placed = architecture().placed();
    return placed.get(placed.size() - 1).toString();
  }
}
