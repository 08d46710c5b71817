package fathom.lab.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/**
 * Rows of 4 KiB, of weights and of batches, may have gaps between them: figures leave those out.
 */
class ProbeRowsTest {
  private static final int ROWS = 1024;

  @Test
  void gapsBetweenRowsAreNoNumbers() {
    try (Network network =
            Network.input(1024).dense(6, Activation.IDENTITY).dense(5).seed(3).build();
        Arena arena = Arena.ofShared()) {
      Matrix x = Matrix.allocate(arena, ROWS, 1024);
      for (int r = 0; r < ROWS; r++) {
        x.set(r, r, 1);
      }
      Sounding sounding = new Probe(network).sound(x, 4);
      for (int i = 0; i < 2; i++) {
        LayerSounding layer = sounding.layers().get(i);
        Matrix dw = network.gradients().get(network.layer(layer.layer()).parameterNames().get(0));
        // Sums of up to 6,144 squares in double precision, in another order.
        assertEquals(norm(dw), layer.weightGradientNorm(), 1e-9 * norm(dw));
      }
      // Unit rows have the weights themselves for outputs; and J is the identity.
      double w = norm(network.parameters().get("0.weight"));
      assertEquals(w * w / 6 / ROWS, sounding.layers().get(0).q(), 1e-9 * w * w);
      assertEquals(1, sounding.jacobian().largest(), 1e-6);
      assertEquals(1, sounding.jacobian().meanSquare(), 1e-6);
      // Five standard errors of the mean square of 5,120 normal numbers.
      assertEquals(1, sounding.layers().get(1).gradient(), 5 * Math.sqrt(2.0 / 5 / ROWS));
    }
  }

  private static double norm(Matrix m) {
    double sum = 0;
    for (float[] row : m.toArray()) {
      for (float v : row) {
        sum += (double) v * v;
      }
    }
    return Math.sqrt(sum);
  }
}
