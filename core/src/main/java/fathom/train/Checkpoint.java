package fathom.train;

import fathom.data.DataException;
import fathom.data.Safetensors;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Network;
import fathom.optim.OptimizerState;
import fathom.optim.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A training on its way, in one safetensors file: parameters, statistics and the optimizer's
 * moments as tensors, and the copies of them that early stopping and rollback keep; step, rate, the
 * schedule's state, that of early stopping and of rollback, the seed of dropout and noise, and the
 * position in the data in the metadata. A training that goes on from there takes the same steps,
 * bit for bit, as one that never stopped: batches are a function of seed and epoch ({@link
 * fathom.data.Rows#batches(int, long, long)}), and what dropout draws, of seed and step.
 *
 * <p>A file is written whole or not at all, so that there is always a last checkpoint.
 */
public final class Checkpoint {
  static final String PREFIX = "fathom.checkpoint";
  private static final String VERSION = "2";
  private static final String NOTE = PREFIX + ".note.";
  private static final String EPOCH = PREFIX + ".epoch";
  private static final String BATCH = PREFIX + ".batch";
  private static final String STEPS = PREFIX + ".steps";
  private static final String RATE = PREFIX + ".rate";
  private static final String FROZEN = PREFIX + ".frozen";
  private static final String FACTORS = PREFIX + ".layer_rates";
  private static final String SCHEDULE = PREFIX + ".schedule";
  private static final String STOPPING = PREFIX + ".early_stopping.state";
  private static final String ROLLBACK = PREFIX + ".rollback.state";
  private static final String MOMENT = "optimizer.";
  private static final String BEST = "best.";
  private static final String GOOD = "good.";

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

  /** Numbers of the training, and what stands before their names in the file. */
  private record Part(String prefix, Slab slab) {}

  /** Writes a checkpoint of a training without early stopping; see the other. */
  public static void save(Trainer trainer, Progress progress, Path file) {
    save(trainer, null, progress, file);
  }

  /**
   * Writes a checkpoint between two steps: waits for one under way, and others wait until it is
   * written. Predictions go on.
   *
   * @param stopping what watches the network, or null
   * @throws java.io.UncheckedIOException if the file cannot be written; an old one is untouched
   * @throws IllegalStateException if the network was closed
   */
  public static void save(Trainer trainer, EarlyStopping stopping, Progress progress, Path file) {
    Network network = trainer.network();
    OptimizerState state = trainer.state();
    double[] watched = stopping == null ? new double[0] : stopping.state();
    double[] recovered = trainer.recovery() == null ? new double[0] : trainer.recovery().state();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(PREFIX, VERSION);
    metadata.putAll(Settings.of(trainer, stopping));
    metadata.put(EPOCH, Integer.toString(progress.epoch()));
    metadata.put(BATCH, Integer.toString(progress.batch()));
    metadata.put(STEPS, Long.toString(state.steps()));
    metadata.put(RATE, Float.toString(state.rate()));
    metadata.put(FROZEN, Integer.toString(network.frozen()));
    metadata.put(FACTORS, factors(state));
    metadata.put(SCHEDULE, Numbers.text(stateOf(trainer.schedule())));
    metadata.put(STOPPING, Numbers.text(watched));
    metadata.put(ROLLBACK, Numbers.text(recovered));
    new TreeMap<>(progress.notes()).forEach((k, v) -> metadata.put(NOTE + k, v));
    long stamp = network.beginReading();
    try {
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      for (Part part : parts(trainer, stopping, watched, recovered)) {
        Models.putTensors(tensors, part.prefix, network, part.slab.matrices());
      }
      Safetensors.write(file, metadata, tensors);
    } finally {
      network.endReading(stamp);
    }
  }

  /**
   * Returns all numbers that a checkpoint holds.
   *
   * @param watched the state of early stopping, empty without
   * @param recovered the state of rollback, empty without
   */
  private static List<Part> parts(
      Trainer trainer, EarlyStopping stopping, double[] watched, double[] recovered) {
    Network network = trainer.network();
    List<Part> now = new ArrayList<>();
    now.add(new Part("", network.parameters()));
    now.add(new Part("", network.statistics()));
    trainer.state().moments().forEach((k, slab) -> now.add(new Part(MOMENT + k + ".", slab)));
    List<Part> all = new ArrayList<>(now);
    if (watched.length > 0 && EarlyStopping.hasBest(watched)) {
      stopping.snapshot().slabs().forEach(slab -> all.add(new Part(BEST, slab)));
    }
    if (recovered.length > 0 && Recovery.hasGood(recovered)) {
      Recovery recovery = trainer.recovery();
      now.forEach(part -> all.add(new Part(GOOD + part.prefix, recovery.good(part.slab))));
    }
    return all;
  }

  /** Lets a trainer without early stopping go on; see the other. */
  public static Progress load(Path file, Trainer trainer) {
    return load(file, trainer, null);
  }

  /**
   * Lets a trainer go on where a checkpoint was written. Its network, loss, optimizer, clipping,
   * constraint and rollback must be made as they were then, with the same seed, and its schedule be
   * set.
   *
   * @param stopping what watches the network, with the patience of then; null if nothing did
   * @return where to go on in the data
   * @throws DataException if the file is missing, unsound or no checkpoint, or of another training;
   *     the trainer is then as it was
   */
  public static Progress load(Path file, Trainer trainer, EarlyStopping stopping) {
    Network network = trainer.network();
    try (Safetensors read = Safetensors.read(file)) {
      Map<String, String> metadata = metadata(file, read);
      Settings.requireSame(file, metadata, trainer, stopping);
      double[] watched = numbers(file, metadata, STOPPING);
      double[] recovered = numbers(file, metadata, ROLLBACK);
      Map<String, Matrix> targets = targets(file, trainer, stopping, watched, recovered);
      requireAll(targets.keySet(), read.names(), file + ": lacks this training's tensor ");
      requireAll(read.names(), targets.keySet(), file + ": this training has no tensor ");
      for (Map.Entry<String, Matrix> e : targets.entrySet()) {
        requireSize(file, read, e.getKey(), e.getValue());
      }
      Progress progress = progress(file, metadata);
      restore(file, metadata, trainer);
      if (stopping != null) {
        stopping.restore(watched);
      }
      if (trainer.recovery() != null) {
        trainer.recovery().restore(recovered);
      }
      long stamp = network.beginStep();
      try {
        targets.forEach(read::copyTo);
      } finally {
        network.endStep(stamp);
      }
      return progress;
    }
  }

  private static Map<String, Matrix> targets(
      Path file, Trainer trainer, EarlyStopping stopping, double[] watched, double[] recovered) {
    if (watched.length > 0 != (stopping != null)
        || recovered.length > 0 != (trainer.recovery() != null)) {
      throw new DataException(file + ": is damaged: the state of early stopping or rollback lacks");
    }
    Map<String, Matrix> targets = new LinkedHashMap<>();
    try {
      for (Part part : parts(trainer, stopping, watched, recovered)) {
        part.slab.matrices().forEach((name, matrix) -> targets.put(part.prefix + name, matrix));
      }
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": is damaged: " + e.getMessage());
    }
    return targets;
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
      double[] schedule = numbers(file, metadata, SCHEDULE);
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
      restoreFactors(trainer, numbers(file, metadata, FACTORS));
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
    return Numbers.text(exact);
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

  private static void requireAll(Set<String> wanted, Set<String> there, String message) {
    for (String name : wanted) {
      if (!there.contains(name)) {
        throw new DataException(message + name + "; the file is damaged");
      }
    }
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

  private static double[] numbers(Path file, Map<String, String> metadata, String key) {
    String text = metadata.getOrDefault(key, "");
    try {
      return Numbers.doubles(text);
    } catch (NumberFormatException e) {
      throw new DataException(file + ": is damaged: '" + key + "' is " + text + ", no numbers");
    }
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
