package fathom.train;

import fathom.data.DataException;
import fathom.data.Safetensors;
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
  static final String VERSION = "2";
  static final String NOTE = PREFIX + ".note.";
  static final String EPOCH = PREFIX + ".epoch";
  static final String BATCH = PREFIX + ".batch";
  static final String STEPS = PREFIX + ".steps";
  static final String RATE = PREFIX + ".rate";
  static final String FROZEN = PREFIX + ".frozen";
  static final String FACTORS = PREFIX + ".layer_rates";
  static final String SCHEDULE = PREFIX + ".schedule";
  static final String STOPPING = PREFIX + ".early_stopping.state";
  static final String ROLLBACK = PREFIX + ".rollback.state";
  static final String MOMENT = "optimizer.";
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

  /**
   * Numbers of the training.
   *
   * @param prefix what stands before their names in the file
   * @param allowed which of them a training can go on with
   */
  record Part(String prefix, Slab slab, NonFinite.Allowed allowed) {}

  /** Writes a checkpoint of a training without early stopping; see the other. */
  public static void save(Trainer trainer, Progress progress, Path file) {
    save(trainer, null, progress, file);
  }

  /**
   * Writes a checkpoint between two steps, from any thread: waits for one under way, and others
   * wait until it is written, so that all of it is of the same moment. Predictions go on.
   *
   * @param stopping what watches the network, or null
   * @throws java.io.UncheckedIOException if the file cannot be written; an old one is untouched
   * @throws TrainingDivergedException if a parameter or statistic is not finite, or a moment is
   *     NaN, and there is no good state to go back to; an old file is untouched
   * @throws IllegalStateException if the network or the trainer was closed
   */
  public static void save(Trainer trainer, EarlyStopping stopping, Progress progress, Path file) {
    trainer.requireOpen();
    Network network = trainer.network();
    long stamp = network.beginReading();
    try {
      double[] watched = stopping == null ? new double[0] : stopping.state();
      double[] recovered = trainer.recovery() == null ? new double[0] : trainer.recovery().state();
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      for (Part part : parts(trainer, stopping, watched, recovered)) {
        requireSound(trainer, part);
        Models.putTensors(tensors, part.prefix, network, part.slab.matrices());
      }
      Safetensors.write(file, metadata(trainer, stopping, progress, watched, recovered), tensors);
    } finally {
      network.endReading(stamp);
    }
  }

  private static void requireSound(Trainer trainer, Part part) {
    Network network = trainer.network();
    NonFinite found = NonFinite.in(network, part.slab, part.allowed);
    if (found != null) {
      OptimizerState state = trainer.state();
      throw new Diagnosis(network, state.steps(), state.rate()).ofTensor(part.prefix, found);
    }
  }

  private static Map<String, String> metadata(
      Trainer trainer,
      EarlyStopping stopping,
      Progress progress,
      double[] watched,
      double[] recovered) {
    OptimizerState state = trainer.state();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(PREFIX, VERSION);
    metadata.putAll(Settings.of(trainer, stopping));
    metadata.put(EPOCH, Integer.toString(progress.epoch()));
    metadata.put(BATCH, Integer.toString(progress.batch()));
    metadata.put(STEPS, Long.toString(state.steps()));
    metadata.put(RATE, Float.toString(state.rate()));
    metadata.put(FROZEN, Integer.toString(trainer.network().frozen()));
    metadata.put(FACTORS, factors(state));
    metadata.put(SCHEDULE, Numbers.text(stateOf(trainer.schedule())));
    metadata.put(STOPPING, Numbers.text(watched));
    metadata.put(ROLLBACK, Numbers.text(recovered));
    new TreeMap<>(progress.notes()).forEach((k, v) -> metadata.put(NOTE + k, v));
    return metadata;
  }

  /**
   * Returns all numbers that a checkpoint holds.
   *
   * @param watched the state of early stopping, empty without
   * @param recovered the state of rollback, empty without
   */
  static List<Part> parts(
      Trainer trainer, EarlyStopping stopping, double[] watched, double[] recovered) {
    Network network = trainer.network();
    Recovery recovery = trainer.recovery();
    boolean good = recovered.length > 0 && Recovery.hasGood(recovered);
    List<Part> now = new ArrayList<>();
    now.add(new Part("", network.parameters(), NonFinite.Allowed.NONE));
    now.add(new Part("", network.statistics(), NonFinite.Allowed.NONE));
    trainer
        .state()
        .moments()
        .forEach((k, m) -> now.add(new Part(MOMENT + k + ".", m, NonFinite.Allowed.INFINITE)));
    List<Part> all = new ArrayList<>(now);
    if (good && recovery.mayGoBack(recovered)) {
      // The next step goes back to the good numbers, whatever these are.
      all.replaceAll(part -> new Part(part.prefix, part.slab, NonFinite.Allowed.ALL));
    }
    if (watched.length > 0 && EarlyStopping.hasBest(watched)) {
      stopping
          .snapshot()
          .slabs()
          .forEach(slab -> all.add(new Part(BEST, slab, NonFinite.Allowed.NONE)));
    }
    if (good) {
      now.forEach(
          part -> all.add(new Part(GOOD + part.prefix, recovery.good(part.slab), part.allowed)));
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
   * set. The file is read twice: to prove all that it holds, and then to take it.
   *
   * @param stopping what watches the network, with the patience of then; null if nothing did
   * @return where to go on in the data
   * @throws DataException if the file is missing, unsound or no checkpoint, or of another training;
   *     trainer, network, schedule and stopping are then as they were
   * @throws IllegalStateException if the network, the trainer or the stopping was closed
   */
  public static Progress load(Path file, Trainer trainer, EarlyStopping stopping) {
    trainer.requireOpen();
    try (Safetensors read = Safetensors.read(file)) {
      CheckpointMetadata metadata = CheckpointMetadata.of(file, read);
      Progress progress = metadata.progress();
      new Resumption(read, metadata, trainer, stopping).apply();
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
      return CheckpointMetadata.of(file, read).progress();
    }
  }

  /** Returns the layers' factors of the rate; nothing if all follow it alike. */
  private static String factors(OptimizerState state) {
    float[] factors = state.factors();
    double[] exact = new double[factors.length == 1 ? 0 : factors.length];
    Arrays.setAll(exact, i -> factors[i]);
    return Numbers.text(exact);
  }

  /** Returns what a schedule keeps; nothing without one. */
  static double[] stateOf(Schedule schedule) {
    return schedule == null ? new double[0] : schedule.state();
  }
}
