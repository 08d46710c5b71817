package fathom.lab.papers;

import fathom.lab.probe.Probe;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.List;

/** The logistic function, its slope, and what is left of a gradient behind ten of them. */
final class LogisticCurve implements Reproduction {
  private static final int STEPS_OF_ONE = 10;
  private static final int END = 10;
  private static final int LAYERS = 10;
  private static final Activation IDENTITY = Activation.IDENTITY;
  private static final Initializer ONE = Initializer.constant(1);

  /** Four units in the last place of numbers just below 1. */
  private static final double ROUNDING = 4 * 0x1p-24;

  @Override
  public String name() {
    return "logistic";
  }

  @Override
  public String title() {
    return "The logistic function saturates, and its slope is never above a quarter";
  }

  @Override
  public String source() {
    return "Géron, Hands-On Machine Learning (2017), Figure 11-1";
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    int points = 2 * END * STEPS_OF_ONE + 1;
    double[] z = new double[points];
    double[] value = new double[points];
    double[] slope = new double[points];
    double[] tangent = new double[points];
    double valueError = 0;
    double slopeError = 0;
    try (Arena arena = Arena.ofShared();
        Network unit =
            apparatus.input(1).dense(1, Activation.LOGISTIC, ONE).dense(1, IDENTITY, ONE).build()) {
      Probe probe = new Probe(unit);
      Matrix x = Matrix.allocate(arena, 1, 1);
      for (int i = 0; i < points; i++) {
        z[i] = i / (double) STEPS_OF_ONE - END;
        x.set(0, 0, (float) z[i]);
        value[i] = probe.outputs(x).get(0)[0][0];
        slope[i] = probe.spectrum(x)[0];
        tangent[i] = Math.abs(z[i]) <= 3 ? 0.5 + z[i] / 4 : Double.NaN;
        double exact = 1 / (1 + Math.exp(-(double) (float) z[i]));
        valueError = Math.max(valueError, Math.abs(value[i] - exact));
        slopeError = Math.max(slopeError, Math.abs(slope[i] - exact * (1 - exact)));
      }
    }
    int zero = END * STEPS_OF_ONE;
    int five = 5 * STEPS_OF_ONE;
    return new Comparison()
        .check(ResultCheck.near("f(0)", 0.5, value[zero], ROUNDING))
        .check(ResultCheck.near("f'(0), the steepest", 0.25, slope[zero], ROUNDING))
        .check(
            ResultCheck.between(
                "f(-5), saturated at 0", "0.01 or less", value[zero - five], 0, 0.01))
        .check(
            ResultCheck.between(
                "f(5), saturated at 1", "0.99 or more", value[zero + five], 0.99, 1))
        .check(
            ResultCheck.atMost("f'(5) over f'(0)", "close to 0", slope[zero + five] / 0.25, 0.03))
        .check(ResultCheck.near("f over its formula, largest distance", 0, valueError, ROUNDING))
        .check(ResultCheck.near("f' over its formula, largest distance", 0, slopeError, ROUNDING))
        .check(behindTenLayers(apparatus))
        .figure(
            new Figure.Chart(
                "The logistic function",
                "z",
                "f(z)",
                false,
                List.of(
                    Figure.Curve.of("f", z, value),
                    Figure.Curve.of("f'", z, slope),
                    Figure.Curve.of("tangent at 0", z, tangent))));
  }

  /** Units in a row that are all at 0, where the slope is steepest: 4^-10 is left. */
  private static ResultCheck behindTenLayers(Apparatus apparatus) {
    var builder = apparatus.input(1);
    for (int layer = 0; layer < LAYERS; layer++) {
      builder.dense(1, Activation.LOGISTIC, ONE);
    }
    try (Arena arena = Arena.ofShared();
        Network chain = builder.dense(1, IDENTITY, ONE).build()) {
      for (int layer = 1; layer < LAYERS; layer++) {
        chain.parameters().get(chain.layer(layer).parameterNames().get(1)).set(0, 0, -0.5f);
      }
      double left = new Probe(chain).spectrum(Matrix.allocate(arena, 1, 1))[0];
      // Ten products and ten slopes, each rounded; f(0) is exactly a half.
      double best = Math.pow(4, -LAYERS);
      return ResultCheck.near(
          "gradient behind ten units, at best", best, left, 20 * 0x1p-24 * best);
    }
  }
}
