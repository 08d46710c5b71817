package fathom.jmh.peers;

import fathom.data.Batch;
import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.Arena;

/** A mean squared error and its gradient by all parameters, which stay as they are. */
final class FathomGradient extends Task implements Job {
  private final Network network;
  private final Engine engine;
  private final Loss.Objective objective;
  private final Matrix x;
  private final Matrix targets;
  private Pass pass;
  private double loss;

  FathomGradient(Network network, Batch batch, Arena arena) {
    this.network = network;
    engine = network.engine();
    objective = Loss.MSE.bind(network.outputs(), arena);
    x = batch.inputs();
    targets = Matrix.allocate(arena, network.outputs(), batch.size());
    targets.transposeFrom(batch.targets());
  }

  @Override
  public void run() {
    long stamp = network.beginStep();
    try {
      pass = network.pass(x.rows());
      engine.run(this, pass.worthSharing());
    } finally {
      network.endStep(stamp);
    }
  }

  @Override
  protected void share(Member member) {
    pass.forward(member, x);
    if (member.index() == 0) {
      loss = objective.mean(engine, pass.output(), null, targets, pass.outputGradient());
    }
    member.barrier();
    pass.backward(member, x, null);
  }

  @Override
  public float[] result() {
    Matrix first = network.gradients().matrices().values().iterator().next();
    float[] result = new float[1 + first.rows() * first.cols()];
    result[0] = (float) loss;
    for (int i = 1; i < result.length; i++) {
      result[i] = first.get((i - 1) / first.cols(), (i - 1) % first.cols());
    }
    return result;
  }
}
