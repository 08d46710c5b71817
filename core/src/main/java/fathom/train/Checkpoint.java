package fathom.train;

import fathom.data.DataException;
import fathom.data.Safetensors;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import fathom.optim.OptimizerState;
import fathom.optim.Schedule;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A training on its way, in one safetensors file: parameters, statistics and the optimizer's
 * moments as tensors; step, rate, the schedule's state, the seed of dropout and noise, and the
 * position in the data in the metadata. A training that goes on from there takes the same steps,
 * bit for bit, as one that never stopped: batches are a function of seed and epoch ({@link
 * fathom.data.Rows#batches(int, long, long)}), and what dropout draws, of seed and step.
 *
 * <p>A file is written whole or not at all, so that there is always a last checkpoint.
 */
public final class Checkpoint {
  private static final String PREFIX = "fathom.checkpoint";
  private static final String VERSION = "1";
  private static final String NOTE = PREFIX + ".note.";
  private static final String EPOCH = PREFIX + ".epoch";
  private static final String BATCH = PREFIX + ".batch";
  private static final String STEPS = PREFIX + ".steps";
  private static final String RATE = PREFIX + ".rate";
  private static final String FROZEN = PREFIX + ".frozen";
  private static final String FACTORS = PREFIX + ".layer_rates";
  private static final String SCHEDULE = PREFIX + ".schedule";
  private static final String MOMENT = "optimizer.";

  private Checkpoint() {}

  /**
   * Where a training is in its data.
   *
   * @param epoch the epoch under way, from 1
   * @param batch how many of its batches are done, from 0
   * @param notes what else whoever drives the training wants to find again: sums of the epoch so
   *     far, settings
   */
  public record Progress(int epoch, int batch, Map<String, String> notes) {
    /**
     * Copies the notes.
     *
     * @throws IllegalArgumentException if there is no such place
     */
    public Progress {
      if (epoch < 1 || batch < 0) {
        throw new IllegalArgumentException(
            "a training is in epoch 1 or later, after 0 batches or more, not in epoch "
                + epoch
                + " after "
                + batch);
      }
      notes = Map.copyOf(notes);
    }

    /** A place and nothing else. */
    public Progress(int epoch, int batch) {
      this(epoch, batch, Map.of());
    }
  }

  /**
   * Writes a checkpoint between two steps. Waits until no other call uses the network.
   *
   * @throws java.io.UncheckedIOException if the file cannot be written; an old one is untouched
   * @throws IllegalStateException if the network was closed
   */
  public static void save(Trainer trainer, Progress progress, Path file) {
    Network network = trainer.network();
    OptimizerState state = trainer.state();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(PREFIX, VERSION);
    metadata.putAll(settings(trainer));
    metadata.put(EPOCH, Integer.toString(progress.epoch()));
    metadata.put(BATCH, Integer.toString(progress.batch()));
    metadata.put(STEPS, Long.toString(state.steps()));
    metadata.put(RATE, Float.toString(state.rate()));
    metadata.put(FROZEN, Integer.toString(network.frozen()));
    metadata.put(FACTORS, factors(state));
    metadata.put(SCHEDULE, text(stateOf(trainer.schedule())));
    new TreeMap<>(progress.notes()).forEach((k, v) -> metadata.put(NOTE + k, v));
    long stamp = network.beginStep();
    try {
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      Models.putTensors(tensors, "", network, Models.tensors(network));
      state
          .moments()
          .forEach(
              (name, slab) ->
                  Models.putTensors(tensors, MOMENT + name + ".", network, slab.matrices()));
      Safetensors.write(file, metadata, tensors);
    } finally {
      network.endStep(stamp);
    }
  }

  /**
   * Lets a trainer go on where a checkpoint was written. Its network, loss, optimizer and clipping
   * must be made as they were then, with the same seed, and its schedule be set.
   *
   * @return where to go on in the data
   * @throws DataException if the file is missing, unsound or no checkpoint, or of another training;
   *     the trainer is then as it was
   */
  public static Progress load(Path file, Trainer trainer) {
    Network network = trainer.network();
    OptimizerState state = trainer.state();
    try (Safetensors read = Safetensors.read(file)) {
      Map<String, String> metadata = metadata(file, read);
      settings(trainer).forEach((key, here) -> requireSame(file, key, metadata.get(key), here));
      Map<String, Matrix> targets = new LinkedHashMap<>(Models.tensors(network));
      state
          .moments()
          .forEach(
              (name, slab) ->
                  slab.matrices().forEach((k, m) -> targets.put(MOMENT + name + "." + k, m)));
      if (!read.names().equals(targets.keySet())) {
        throw new DataException(
            String.format(
                "%s: holds %d tensors where this training has %d; the file is damaged",
                file, read.names().size(), targets.size()));
      }
      for (Map.Entry<String, Matrix> e : targets.entrySet()) {
        requireSize(file, read, e.getKey(), e.getValue());
      }
      Progress progress = progress(file, metadata);
      restore(file, metadata, trainer);
      long stamp = network.beginStep();
      try {
        targets.forEach(read::copyTo);
      } finally {
        network.endStep(stamp);
      }
      return progress;
    }
  }

  /**
   * Reads where a checkpoint's training was, and its notes, without a trainer.
   *
   * @throws DataException if the file is missing, unsound or no checkpoint
   */
  public static Progress progress(Path file) {
    try (Safetensors read = Safetensors.read(file)) {
      return progress(file, metadata(file, read));
    }
  }

  private static Map<String, String> metadata(Path file, Safetensors read) {
    Map<String, String> metadata = read.metadata();
    String version = metadata.get(PREFIX);
    if (!VERSION.equals(version)) {
      throw new DataException(
          version == null
              ? file + ": is no checkpoint of Fathom: its metadata have no '" + PREFIX + "'"
              : file + ": is a checkpoint of version " + version + ", and " + VERSION + " is read");
    }
    return metadata;
  }

  private static Progress progress(Path file, Map<String, String> metadata) {
    Map<String, String> notes = new LinkedHashMap<>();
    metadata.forEach(
        (k, v) -> {
          if (k.startsWith(NOTE)) {
            notes.put(k.substring(NOTE.length()), v);
          }
        });
    try {
      int epoch = (int) number(file, metadata, EPOCH);
      return new Progress(epoch, (int) number(file, metadata, BATCH), notes);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": is damaged: " + e.getMessage());
    }
  }

  /** Restores what is no tensor; the schedule first, which may refuse. */
  private static void restore(Path file, Map<String, String> metadata, Trainer trainer) {
    long steps = number(file, metadata, STEPS);
    int frozen = (int) number(file, metadata, FROZEN);
    try {
      float rate = Float.parseFloat(metadata.getOrDefault(RATE, ""));
      double[] schedule = numbers(metadata.getOrDefault(SCHEDULE, ""));
      int here = stateOf(trainer.schedule()).length;
      if (schedule.length != here) {
        throw new DataException(
            String.format(
                "%s: its schedule keeps %d numbers, and this training's %d; set the same one",
                file, schedule.length, here));
      }
      if (here > 0) {
        trainer.schedule().restore(schedule);
      }
      restoreFactors(trainer, numbers(metadata.getOrDefault(FACTORS, "")));
      trainer.network().freeze(frozen);
      trainer.state().rate(rate);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": is damaged: " + e.getMessage());
    }
    trainer.state().resume(steps);
  }

  /** Returns the layers' factors of the rate; nothing if all follow it alike. */
  private static String factors(OptimizerState state) {
    float[] factors = state.factors();
    double[] exact = new double[factors.length == 1 ? 0 : factors.length];
    Arrays.setAll(exact, i -> factors[i]);
    return text(exact);
  }

  private static void restoreFactors(Trainer trainer, double[] numbers) {
    float[] factors = new float[numbers.length == 0 ? trainer.network().depth() : numbers.length];
    Arrays.fill(factors, 1);
    for (int i = 0; i < numbers.length; i++) {
      factors[i] = (float) numbers[i];
    }
    if (numbers.length > 0 || trainer.state().factors().length > 1) {
      Trainer unused = trainer.layerRates(factors);
    }
  }

  /** Returns what a training is told at its beginning, and its steps depend on. */
  private static Map<String, String> settings(Trainer trainer) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put(PREFIX + ".layers", trainer.network().architecture());
    settings.put(PREFIX + ".seed", Long.toString(trainer.network().seed()));
    settings.put(PREFIX + ".loss", trainer.loss().toString());
    settings.put(PREFIX + ".optimizer", trainer.state().optimizer().toString());
    settings.put(PREFIX + ".clipping", trainer.state().clipping().toString());
    return settings;
  }

  private static void requireSame(Path file, String key, String there, String here) {
    if (here.equals(there)) {
      return;
    }
    String what = key.substring(PREFIX.length() + 1);
    String[] theirs = String.valueOf(there).split(" ", -1);
    String[] ours = here.split(" ", -1);
    int i = 0;
    while (i < Math.min(theirs.length, ours.length) - 1 && theirs[i].equals(ours[i])) {
      i++;
    }
    String place = what.equals("layers") ? " (at word " + (i + 1) + " of the architecture)" : "";
    boolean whole = place.isEmpty();
    throw new DataException(
        String.format(
            "%s: was written with %s %s, and this training has %s%s; go on with what it was written"
                + " with",
            file, what, whole ? there : theirs[i], whole ? here : ours[i], place));
  }

  private static void requireSize(Path file, Safetensors read, String name, Matrix target) {
    long there = read.shape(name).stream().reduce(1L, (a, b) -> a * b);
    long here = (long) target.rows() * target.cols();
    if (there != here) {
      throw new DataException(
          String.format(
              "%s: tensor '%s' has %d numbers where this training has %d; the file is damaged",
              file, name, there, here));
    }
  }

  private static double[] stateOf(Schedule schedule) {
    return schedule == null ? new double[0] : schedule.state();
  }

  private static String text(double[] numbers) {
    StringBuilder text = new StringBuilder();
    for (double number : numbers) {
      text.append(text.isEmpty() ? "" : " ").append(number);
    }
    return text.toString();
  }

  private static double[] numbers(String text) {
    String[] words = text.isEmpty() ? new String[0] : text.split(" ", -1);
    double[] numbers = new double[words.length];
    for (int i = 0; i < words.length; i++) {
      numbers[i] = Double.parseDouble(words[i]);
    }
    return numbers;
  }

  private static long number(Path file, Map<String, String> metadata, String key) {
    String text = metadata.get(key);
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new DataException(file + ": is damaged: '" + key + "' is " + text + ", no number");
    }
  }
}
