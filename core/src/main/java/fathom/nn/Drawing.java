package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Draws the parameters of all layers. Where there are few, members share each; where there are
 * many, each member takes the next layer, so that what one thread alone can do, making rows
 * orthogonal, is done for several layers at once. The numbers are the same.
 */
final class Drawing extends Task {
  private static final int MANY = 32;

  private final Engine engine;
  private final List<Layer> layers;
  private final Slabs slabs;
  private final long seed;
  private final AtomicInteger next = new AtomicInteger();

  private Drawing(Engine engine, List<Layer> layers, Slabs slabs, long seed) {
    this.engine = engine;
    this.layers = layers;
    this.slabs = slabs;
    this.seed = seed;
  }

  /** Draws with all of the engine's threads. */
  static void run(Engine engine, List<Layer> layers, Slabs slabs, long seed) {
    engine.run(new Drawing(engine, layers, slabs, seed), layers.size() >= MANY);
  }

  @Override
  protected void share(Member member) {
    int depth = layers.size();
    for (int i = next.getAndIncrement(); i < depth; i = next.getAndIncrement()) {
      layers.get(i).initialize(this);
    }
  }

  Matrix parameter(String name) {
    return slabs.parameters().get(name);
  }

  Matrix statistic(String name) {
    return slabs.statistics().get(name);
  }

  /** Draws weights, by the fans and the number of the tensor. */
  void draw(Initializer initializer, Matrix w, int fanIn, int fanOut, long stream) {
    initializer.fill(engine, w, fanIn, fanOut, seed, stream);
  }

  /** Sets all numbers of a vector. */
  void fill(Matrix vector, float value) {
    engine.kernels().fill().constant(vector.segment(), vector.offset(), 0, vector.rows(), value);
  }
}
