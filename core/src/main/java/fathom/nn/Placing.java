package fathom.nn;

import java.util.ArrayList;
import java.util.List;

/** Puts the layers of an architecture in their places, one after the other. */
final class Placing implements LayerCases<Layer> {
  private final Architecture architecture;
  private final List<Layer> placed = new ArrayList<>();
  private final int lastRecurrent;
  private int units;
  private int times = 1;
  private boolean whole;
  private String prefix = "";
  private int module;

  Placing(Architecture architecture) {
    this.architecture = architecture;
    int last = -1;
    for (int i = 0; i < architecture.layers().size(); i++) {
      last = architecture.layers().get(i) instanceof Recurrent ? i : last;
    }
    lastRecurrent = last;
    units = architecture.features();
  }

  /** Returns all layers. */
  List<Layer> placed() {
    List<LayerSpec> layers = architecture.layers();
    for (int i = 0; i < layers.size(); i++) {
      whole = i < lastRecurrent;
      boolean inside = whole && !(layers.get(i) instanceof Recurrent);
      times = inside ? architecture.steps() : 1;
      place(layers.get(i));
    }
    return List.copyOf(placed);
  }

  private void place(LayerSpec layer) {
    // A residual block has placed its fork and its branch before its join is returned.
    placed.add(layer.match(this));
    module += layer.modules();
    units = layer.units(units);
  }

  private Layer.Site site() {
    return new Layer.Site(placed.size(), units, times, prefix, module);
  }

  @Override
  public Layer dense(Dense layer) {
    return layer.at(site());
  }

  @Override
  public Layer batchNorm(BatchNorm layer) {
    return layer.at(site());
  }

  @Override
  public Layer layerNorm(LayerNorm layer) {
    return layer.at(site());
  }

  @Override
  public Layer activate(Activate layer) {
    return layer.at(site());
  }

  @Override
  public Layer noise(Noise layer) {
    return layer.at(site());
  }

  @Override
  public Layer residual(Residual layer) {
    placed.add(layer.fork(site()));
    String outerPrefix = prefix;
    int outerModule = module;
    prefix += module + ".";
    module = 0;
    layer.branch().forEach(this::place);
    prefix = outerPrefix;
    module = outerModule;
    return layer.join(site());
  }

  @Override
  public Layer recurrent(Recurrent layer) {
    return layer.at(site(), architecture.steps(), whole);
  }
}
