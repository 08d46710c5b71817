package fathom.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a network is reckoned to take against what it takes. */
class MemoryTest {
  private static final int ANSWERS = 300;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "11 4:identity",
        "11 17:tanh 300:gelu 4:identity",
        "11 288:tanh 256:gelu 4:identity",
        "11 17:identity:no_bias batch_norm:tanh:0.1:1.0E-5 19:relu batch_norm:silu:0.1:1.0E-5 4:tanh",
        "11 17:identity layer_norm:tanh:1.0E-5 19:mish layer_norm:identity:1.0E-5 4:identity",
        "11 layer_norm:tanh:1.0E-5 [ activation:gelu 11:identity ]:1.0 activation:tanh 4:tanh",
        "11 18:tanh [ 18:tanh [ 20:silu 18:identity ]:0.5 batch_norm:relu:0.1:1.0E-5 ]:0.3 4:prelu",
        "11 dropout:0.2 23:tanh dropout:0.5 21:selu alpha_dropout:0.3 20:elu noise:0.4 4:identity",
        "11 dropout:0.0 23:prelu activation:prelu batch_norm:prelu:0.1:1.0E-5 4:identity",
        "5x3 rnn:tanh:8 gru:7 lstm:6:2 layer_norm:tanh:1.0E-5 4:identity",
        "5x3 rnn:tanh:8 [ 8:tanh 8:identity ]:1.0 lstm:6 4:identity",
        "5x3 gru:9 [ dropout:0.5 30:gelu [ layer_norm:tanh:1.0E-5 30:relu ]:0.5 9:identity ]:0.7"
            + " batch_norm:tanh:0.1:1.0E-5 gru:4 [ 4:tanh ]:1.0 3:identity",
      })
  void itIsWhatIsAllocated(String architecture) {
    for (int batch : new int[] {1, 2, 7, 300}) {
      NetworkBuilder builder = Network.parse(architecture);
      try (Engine engine = new Engine(Blas.java(), Kernels.vector(), 1);
          Network network = builder.engine(engine).build();
          Arena arena = Arena.ofConfined()) {
        Memory reckoned = builder.memory(batch);
        Memory before = network.memory();
        assertEquals(reckoned.parameters(), before.parameters(), architecture);
        assertEquals(
            Math.max(Float.BYTES, reckoned.statistics()), before.statistics(), architecture);
        assertEquals(0, before.training() + before.inference());
        long stamp = network.beginStep();
        Pass unused = network.pass(batch);
        network.endStep(stamp);
        network.predict(
            Matrix.allocate(arena, ANSWERS, network.inputs()),
            Matrix.allocate(arena, ANSWERS, network.outputs()));
        assertEquals(reckoned.training(), network.memory().training(), architecture + " " + batch);
        assertEquals(reckoned.inference(), network.memory().inference(), architecture);
        assertEquals(reckoned.parameters(), network.gradients().segment().byteSize());
      }
    }
  }

  /** Frozen layers keep less, and what is computed again lies in memory that others had. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "11 17:tanh 18:gelu batch_norm:silu:0.1:1.0E-5 dropout:0.5 18:tanh [ 18:tanh ]:0.5 4:tanh",
        "5x3 rnn:tanh:8 [ 8:gelu 8:identity ]:1.0 lstm:6 dropout:0.5 9:mish 4:identity",
      })
  void frozenAndComputedAgainItIsWhatIsAllocated(String architecture) {
    NetworkBuilder builder = Network.parse(architecture);
    try (Engine engine = new Engine(Blas.java(), Kernels.vector(), 1);
        Network network = builder.engine(engine).build()) {
      for (int frozen = 0; frozen < network.depth(); frozen++) {
        for (int every : new int[] {1, 2}) {
          network.freeze(frozen);
          network.recompute(every);
          long stamp = network.beginStep();
          Pass unused = network.pass(7);
          network.endStep(stamp);
          assertEquals(
              builder.memory(7, every, frozen).training(),
              network.memory().training(),
              frozen + " of " + architecture + " frozen, every " + every);
        }
      }
    }
  }

  /** Beside a dense layer's sums, which become its outputs: what each kind of layer keeps. */
  @Test
  void layersAddWhatTheirBackwardPassNeeds() {
    int batch = 50;
    long units = 100L * batch * Float.BYTES;
    long plain = training(Network.input(64).dense(100).dense(10), batch);
    // Two gradients of 100 units, which is the widest, the outputs of both layers, and a block of
    // the first layer's gradient, which is cut into one on these kernels.
    assertEquals(3 * units + 10L * batch * Float.BYTES + 100L * 64 * Float.BYTES, plain);
    // The output and the mask.
    long dropped = training(Network.input(64).dense(100).dropout(0.5).dense(10), batch);
    assertEquals(plain + 2 * units, dropped);
    // What was standardized lies in place of the sums; a mean and a variance of each unit.
    long normed =
        training(Network.input(64).dense(100).batchNorm(Activation.TANH).dense(10), batch);
    assertEquals(plain + units + 2L * 100 * Float.BYTES, normed);
    assertTrue(
        training(Network.input(64).dense(100).layerNorm(Activation.TANH).dense(10), batch)
            >= plain + units);
  }

  private static long training(NetworkBuilder builder, int batch) {
    try (Engine engine = new Engine(Blas.java(), Kernels.scalar(), 1)) {
      return builder.engine(engine).memory(batch).training();
    }
  }

  /** Somebody may hold on to a network that he has closed: not to its passes. */
  @Test
  void aClosedNetworkKeepsNothing() {
    Network network = Network.input(3).dense(4).build();
    try (Arena arena = Arena.ofConfined()) {
      network.predict(Matrix.allocate(arena, 2, 3), Matrix.allocate(arena, 2, 4));
    }
    assertTrue(network.memory().inference() > 0);
    network.close();
    assertEquals(0, network.memory().inference());
  }

  @Test
  void whatCannotBeBuiltHasNoSize() {
    assertThrows(IllegalArgumentException.class, () -> Network.input(3).dense(2).memory(0));
    assertThrows(IllegalStateException.class, () -> Network.input(3).memory(1));
  }
}
