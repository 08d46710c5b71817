package fathom.jmh.peers;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.optim.Adam;
import fathom.optim.OptimizerState;
import java.lang.foreign.Arena;
import java.util.Arrays;

/** A step of Adam on one long row of parameters, without the network that it belongs to. */
final class FathomUpdate extends Task implements Job {
  private static final int CHUNK = 1024;

  private final Engine engine;
  private final OptimizerState state;
  private final Matrix parameters;
  private final long size;

  FathomUpdate(Engine engine, int n, Arena arena) {
    this.engine = engine;
    Slab.Layout layout = new Slab.Layout().add("w", 1, n);
    Slab weights = new Slab(layout, arena);
    Slab gradients = new Slab(layout, arena);
    parameters = weights.get("w");
    float[] ones = new float[n];
    Arrays.fill(ones, 1);
    FathomContender.copy(ones, parameters);
    FathomContender.copy(Samples.optimizerGradients(n), gradients.get("w"));
    state = new OptimizerState(new Adam(Samples.ADAM_RATE), weights, gradients, arena);
    size = weights.size();
  }

  @Override
  public void run() {
    state.begin();
    engine.run(this, true);
  }

  @Override
  protected void share(Member member) {
    long chunks = (size + CHUNK - 1) / CHUNK;
    long to = Math.min(size, member.to(chunks) * CHUNK);
    state.update(engine, member.from(chunks) * CHUNK, to);
  }

  @Override
  public float[] result() {
    return parameters.toArray()[0];
  }
}
