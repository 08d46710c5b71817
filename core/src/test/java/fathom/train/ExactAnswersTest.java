package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import fathom.nn.ReferenceForward;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Answers of networks whose numbers are halves, quarters and so on of whole numbers below 2^24:
 * sums of them are exact in any order, so that rows by themselves, rows together and the reference
 * network must agree to the last bit. Products are of several blocks here, which is where one that
 * is done early must not write over what another still reads.
 */
class ExactAnswersTest {
  /** Weights of a unit that are not zero. */
  private static final int TERMS = 4;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "64 64:identity [ 64:relu ]:1.0 5:identity",
        "100 100:relu [ 100:relu ]:0.5 [ 100:identity ]:1.0 [ 100:relu ]:0.5 5:identity",
        "160 160:identity [ 160:relu ]:1.0 activation:relu [ 160:relu ]:1.0 5:identity",
        "512 512:identity [ 512:relu:no_bias ]:-1.0 5:identity",
        "160 160:identity [ activation:relu 160:identity ]:1.0 5:identity",
        "160 160:relu [ activation:hard_tanh 160:relu activation:relu 160:identity ]:0.5 5:identity",
        "160 160:identity [ [ 160:relu ]:1.0 ]:0.5 5:identity",
        "160 160:identity [ [ 160:relu ]:0.5 160:identity ]:1.0 [ 160:identity [ 160:relu ]:1.0"
            + " activation:relu ]:0.5 5:identity",
        "160 160:identity [ [ dropout:0.5 ]:1.0 160:relu ]:1.0 [ dropout:0.5 ]:0.5 5:identity",
        "160 dropout:0.5",
        "160 [ 160:relu ]:1.0 [ 96:relu 200:relu 160:identity ]:0.5 [ 160:relu ]:1.0",
        "160 [ activation:relu ]:1.0 [ [ activation:relu 160:identity ]:1.0 160:identity ]:0.5",
        "3x40 rnn:relu:160 [ 160:relu ]:1.0 rnn:relu:96 [ activation:relu 96:identity ]:1.0 5:relu",
      })
  void rowsByThemselvesAndTogetherAreAsInTheReference(String architecture) {
    for (int threads = 1; threads <= 3; threads++) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
          Network network = Network.parse(architecture).engine(engine).build()) {
        Random random = new Random(architecture.hashCode());
        draw(network, random);
        float[][] x = rows(random, 256, network.inputs());
        float[][] expected = reference(network, x);
        String what = architecture + " on " + threads + " threads";
        assertArrayEquals(expected, answers(network, x), what);
        for (int r = 0; r < x.length; r += 51) {
          assertArrayEquals(expected[r], answers(network, new float[][] {x[r]})[0], what);
        }
      }
    }
  }

  private static void draw(Network network, Random random) {
    network.parameters().segment().fill((byte) 0);
    for (Matrix m : network.parameters().matrices().values()) {
      for (int r = 0; r < m.rows(); r++) {
        for (int i = 0; i < TERMS; i++) {
          m.set(r, random.nextInt(m.cols()), random.nextInt(3) - 1);
        }
      }
    }
  }

  private static float[][] rows(Random random, int count, int cols) {
    float[][] x = new float[count][cols];
    for (float[] row : x) {
      for (int c = 0; c < cols; c++) {
        row[c] = random.nextInt(7) - 3;
      }
    }
    return x;
  }

  private static float[][] reference(Network network, float[][] x) {
    ReferenceForward reference = new ReferenceForward(network);
    double[][] in = new double[x.length][x[0].length];
    for (int r = 0; r < x.length; r++) {
      for (int c = 0; c < x[r].length; c++) {
        in[r][c] = x[r][c];
      }
    }
    double[][] out = reference.outputs(in);
    float[][] y = new float[out.length][out[0].length];
    for (int r = 0; r < y.length; r++) {
      for (int c = 0; c < y[r].length; c++) {
        // Negative zeros, which sums of nothing may be, are zeros.
        y[r][c] = (float) out[r][c] + 0f;
        assertEquals(out[r][c], y[r][c], 0.0, "not exact");
      }
    }
    return y;
  }

  private static float[][] answers(Network network, float[][] x) {
    try (Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, x.length, network.outputs());
      network.predict(Matrix.of(arena, x), y);
      float[][] rows = y.toArray();
      for (float[] row : rows) {
        for (int c = 0; c < row.length; c++) {
          row[c] += 0f;
        }
      }
      return rows;
    }
  }
}
