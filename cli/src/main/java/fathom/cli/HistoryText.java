package fathom.cli;

import fathom.train.Distribution;
import fathom.train.LayerSample;
import fathom.train.StepSample;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * A history as notes of a checkpoint, to the bit: epochs as lines of numbers, samples packed, since
 * their histograms are large.
 */
final class HistoryText {
  private static final String EPOCHS = "history.epochs";
  private static final String SAMPLES = "history.samples";
  private static final int FIGURES = 6;

  private HistoryText() {}

  /** Returns the notes. */
  static Map<String, String> of(RunHistory history) {
    Map<String, String> notes = new LinkedHashMap<>();
    StringJoiner lines = new StringJoiner("\n");
    for (RunHistory.Epoch e : history.epochs()) {
      StringJoiner line = new StringJoiner(" ");
      line.add(Integer.toString(e.epoch()));
      double[] figures = {
        e.rate(), e.trainLoss(), e.trainAccuracy(), e.validationLoss(), e.validationAccuracy()
      };
      for (double figure : figures) {
        line.add(Double.toString(figure));
      }
      lines.add(line.toString());
    }
    notes.put(EPOCHS, lines.toString());
    if (!history.samples().isEmpty()) {
      notes.put(SAMPLES, pack(history));
    }
    return notes;
  }

  /**
   * Gives an empty history what notes tell; those of older checkpoints tell nothing.
   *
   * @throws IllegalArgumentException if they are no such notes
   */
  static void restore(Map<String, String> notes, RunHistory history) {
    for (String line : notes.getOrDefault(EPOCHS, "").lines().toList()) {
      String[] words = line.split(" ", -1);
      if (words.length != FIGURES) {
        throw new IllegalArgumentException("an epoch has " + FIGURES + " figures, not: " + line);
      }
      double[] figures = new double[FIGURES];
      for (int i = 1; i < FIGURES; i++) {
        figures[i] = Double.parseDouble(words[i]);
      }
      history.add(
          new RunHistory.Epoch(
              Integer.parseInt(words[0]),
              figures[1],
              figures[2],
              figures[3],
              figures[4],
              figures[5]));
    }
    String packed = notes.get(SAMPLES);
    if (packed != null) {
      unpack(packed, history);
    }
  }

  private static String pack(RunHistory history) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(bytes, deflater))) {
      out.writeLong(history.stride());
      out.writeLong(history.seen());
      out.writeInt(history.samples().size());
      for (StepSample sample : history.samples()) {
        out.writeLong(sample.step());
        out.writeDouble(sample.loss());
        out.writeDouble(sample.rate());
        out.writeInt(sample.layers().size());
        for (LayerSample layer : sample.layers()) {
          write(out, layer);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deflater.end();
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static void write(DataOutputStream out, LayerSample layer) throws IOException {
    out.writeInt(layer.layer());
    out.writeUTF(layer.description());
    write(out, layer.output());
    out.writeDouble(layer.saturated());
    out.writeDouble(layer.dead());
    out.writeUTF(layer.tensor() == null ? "" : layer.tensor());
    write(out, layer.gradient());
    out.writeDouble(layer.weightNorm());
    out.writeDouble(layer.updateNorm());
  }

  private static void write(DataOutputStream out, Distribution x) throws IOException {
    out.writeLong(x == null ? -1 : x.count());
    if (x != null) {
      out.writeDouble(x.sum());
      out.writeDouble(x.sumOfSquares());
      for (long bin : x.histogram()) {
        out.writeLong(bin);
      }
    }
  }

  private static void unpack(String packed, RunHistory history) {
    ByteArrayInputStream bytes = new ByteArrayInputStream(Base64.getDecoder().decode(packed));
    try (DataInputStream in = new DataInputStream(new InflaterInputStream(bytes))) {
      long stride = in.readLong();
      long seen = in.readLong();
      int count = in.readInt();
      List<StepSample> samples = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        long step = in.readLong();
        double loss = in.readDouble();
        double rate = in.readDouble();
        List<LayerSample> layers = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
          layers.add(layer(in));
        }
        samples.add(new StepSample(step, loss, rate, List.copyOf(layers)));
      }
      history.restore(samples, stride, seen);
    } catch (IOException e) {
      throw new IllegalArgumentException("the samples of layers end too early", e);
    }
  }

  private static LayerSample layer(DataInputStream in) throws IOException {
    int layer = in.readInt();
    String description = in.readUTF();
    Distribution output = distribution(in);
    double saturated = in.readDouble();
    double dead = in.readDouble();
    String tensor = in.readUTF();
    Distribution gradient = distribution(in);
    return new LayerSample(
        layer,
        description,
        output,
        saturated,
        dead,
        tensor.isEmpty() ? null : tensor,
        gradient,
        in.readDouble(),
        in.readDouble());
  }

  private static Distribution distribution(DataInputStream in) throws IOException {
    long count = in.readLong();
    if (count < 0) {
      return null;
    }
    double sum = in.readDouble();
    double squares = in.readDouble();
    long[] bins = new long[Distribution.BINS];
    for (int k = 0; k < bins.length; k++) {
      bins[k] = in.readLong();
    }
    return new Distribution(count, sum, squares, bins);
  }
}
