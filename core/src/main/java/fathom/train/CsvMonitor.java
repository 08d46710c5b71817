package fathom.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;

/** Writes samples as a table. */
final class CsvMonitor implements Monitor {
  private static final String HEADER =
      "step,loss,rate,layer,description,output_mean,output_variance,saturated,dead,tensor,"
          + "gradient_mean,gradient_variance,gradient_norm,weight_norm,update_norm,update_ratio\n";

  private final Writer out;
  private boolean begun;

  CsvMonitor(Writer out) {
    this.out = out;
  }

  @Override
  public void sample(StepSample sample) {
    try {
      if (!begun) {
        begun = true;
        out.write(HEADER);
      }
      for (LayerSample layer : sample.layers()) {
        out.write(line(sample, layer));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(StepSample sample, LayerSample layer) {
    Distribution a = layer.output();
    Distribution d = layer.gradient();
    return String.join(
            ",",
            Long.toString(sample.step()),
            text(sample.loss()),
            text(sample.rate()),
            Integer.toString(layer.layer()),
            layer.description().replace(',', ';'),
            a == null ? "" : text(a.mean()),
            a == null ? "" : text(a.variance()),
            text(layer.saturated()),
            text(layer.dead()),
            layer.tensor() == null ? "" : layer.tensor(),
            d == null ? "" : text(d.mean()),
            d == null ? "" : text(d.variance()),
            d == null ? "" : text(d.norm()),
            text(layer.weightNorm()),
            text(layer.updateNorm()),
            text(layer.updateRatio()))
        + "\n";
  }

  private static String text(double value) {
    return Double.isNaN(value) ? "" : Double.toString(value);
  }
}
