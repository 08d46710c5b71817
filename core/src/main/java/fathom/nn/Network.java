package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A network of layers. Parameters lie in one slab, gradients in another of the same layout; both
 * are named as in PyTorch's {@code nn.Sequential}: {@code 0.weight} (out x in), {@code 0.bias}, ….
 * What is kept and not learnt, batch norm's running statistics, lies in a third.
 *
 * <p>Any number of threads may call {@link #predict} at once, also while the network is trained: a
 * prediction sees the parameters of whole steps only. Training steps exclude each other. {@link
 * #close} waits for calls under way; afterwards every call that needs memory throws {@link
 * IllegalStateException}. An interrupt ends no call and is kept.
 *
 * <p>All numbers lie off-heap, and {@link #close} alone frees them: a network that is dropped
 * without it keeps its memory, and the threads of the engine that networks share, as long as the
 * JVM runs.
 */
public final class Network implements AutoCloseable {
  private final Engine engine;
  private final boolean ownsEngine;
  private final Architecture architecture;
  private final List<Layer> layers;
  private final long seed;
  private final Arena arena;
  private final Gate gate = new Gate();
  private final Predictions predictions;
  private final Trainings trainings;
  private final Draws draws = new Draws();
  private final long[] starts;
  private final Slab parameters;
  private final Slab statistics;
  private final Slabs slabs;
  private Slabs learning;
  private long firstLearnt;

  /** Takes over the arena, unless it throws. */
  Network(Engine engine, boolean ownsEngine, Architecture architecture, long seed, Arena arena) {
    this.arena = arena;
    this.engine = engine;
    this.ownsEngine = ownsEngine;
    this.architecture = architecture;
    this.seed = seed;
    layers = architecture.placed();
    draws.seed(seed);
    Slab.Layout learnt = new Slab.Layout();
    Slab.Layout kept = new Slab.Layout();
    starts = Architecture.place(layers, learnt, kept);
    parameters = new Slab(learnt, arena);
    statistics = new Slab(kept, arena);
    slabs = new Slabs(parameters, statistics, null);
    predictions = new Predictions(engine, architecture, slabs, draws);
    trainings = new Trainings(engine, architecture, draws);
    reset(seed);
  }

  /**
   * Starts the description of a network.
   *
   * @param features the length of an input row
   */
  public static NetworkBuilder input(int features) {
    return new NetworkBuilder(new ArchitectureBuilder(0, features));
  }

  /**
   * Starts the description of a network over sequences, whose first layer is recurrent.
   *
   * @param steps the number of steps T
   * @param features the numbers of a step; an input row holds T times as many, step by step
   * @throws IllegalArgumentException if one is not positive or both are too many
   */
  public static NetworkBuilder sequence(int steps, int features) {
    int unused = Architecture.requirePositive("a sequence", steps);
    return new NetworkBuilder(new ArchitectureBuilder(steps, features));
  }

  /** Draws all parameters anew, as if the network had been built with that seed. */
  public void reset(long newSeed) {
    gate.alone(() -> Drawing.run(engine, layers, slabs, newSeed));
  }

  /** Returns the length of an input row. */
  public int inputs() {
    return layers.get(0).in();
  }

  /** Returns the length of an output row. */
  public int outputs() {
    return layers.get(layers.size() - 1).out();
  }

  /** Returns the number of layers. */
  public int depth() {
    return layers.size();
  }

  /** Returns the number of learnt numbers. */
  public long parameterCount() {
    return parameters.layout().numbers();
  }

  /** Returns the seed of the initial parameters. */
  public long seed() {
    return seed;
  }

  /** Returns what computes for this network. */
  public Engine engine() {
    return engine;
  }

  /** Returns the names of the parameters that are matrices; others are vectors. */
  public Set<String> weightNames() {
    return layers.stream()
        .flatMap(layer -> layer.tensors().stream())
        .filter(tensor -> tensor.role() == Tensor.Role.WEIGHT)
        .map(Tensor::name)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Returns what this network is like. */
  public Architecture architecture() {
    return architecture;
  }

  /** Returns a layer in its place. */
  public Layer layer(int layer) {
    return layers.get(layer);
  }

  /** Returns all parameters. They may be read and written between steps. */
  public Slab parameters() {
    gate.requireOpen();
    return parameters;
  }

  /** Returns batch norm's running means and variances, which steps change. */
  public Slab statistics() {
    gate.requireOpen();
    return statistics;
  }

  /**
   * Lets the first layers be as they are: steps neither change them nor spend time on their
   * gradients, and they work as in inference (batch norm by its running statistics, no dropout).
   *
   * @param count how many layers, from 0, which frees all, to one less than there are
   * @throws IllegalArgumentException if there are not so many
   */
  public void freeze(int count) {
    gate.alone(
        () -> {
          trainings.freeze(count);
          firstLearnt = firstParameter(count);
          if (learning != null) {
            Slab gradients = learning.gradients();
            engine.kernels().fill().constant(gradients.segment(), 0, 0, firstLearnt, 0);
          }
        });
  }

  /** As {@link #recompute(int)} with the square root of the number of dense layers. */
  public void recompute() {
    recompute(Plan.squareRoot(architecture));
  }

  /**
   * Lets training steps keep the output of every k-th dense layer alone (k = 1 is all, as at
   * first), with what follows it, and compute the others again on the way back (Chen et al. 2016):
   * the same bits for one more forward pass. Recurrent layers keep theirs; short blocks stay whole.
   *
   * @throws IllegalArgumentException if k is not positive
   */
  public void recompute(int k) {
    gate.alone(() -> trainings.recompute(k));
  }

  /** Returns how many of the first layers are as they are. */
  public int frozen() {
    return trainings.frozen();
  }

  /** Returns where the parameters that learn begin in their slab: 0 unless layers are frozen. */
  public long firstLearnt() {
    return firstLearnt;
  }

  /** Returns where a layer's parameters begin in their slab; of the depth, where all end. */
  public long firstParameter(int layer) {
    return starts[layer];
  }

  /** Returns the names of what the first layers learn, and then of what they keep. */
  public List<String> names(int count) {
    if (count < 0 || count > depth()) {
      throw new IllegalArgumentException(count + " of the " + depth() + " layers of a network");
    }
    return new ArrayList<>(Architecture.tensors(layers.subList(0, count)).keySet());
  }

  /**
   * Returns all gradients, as the last backward pass left them; allocated at the first call. What
   * parameters learnt from on the way is not among them: see {@link Learner}.
   */
  public synchronized Slab gradients() {
    gate.requireOpen();
    if (learning == null) {
      learning = new Slabs(parameters, statistics, new Slab(parameters.layout(), arena));
    }
    return learning.gradients();
  }

  /**
   * Returns the training pass for a batch size; allocates for a batch larger than any before. Call
   * it, and use the pass, between {@link #beginStep} and {@link #endStep}.
   */
  public synchronized Pass pass(int batch) {
    gate.requireOpen();
    Slab unused = gradients();
    return trainings.pass(batch, learning);
  }

  /**
   * Waits until no other call uses this network, and keeps it so until {@link #endStep}.
   *
   * @throws IllegalStateException if the network was closed
   */
  public long beginStep() {
    return gate.beginStep();
  }

  /** Lets other calls in again. */
  public void endStep(long stamp) {
    gate.endStep(stamp);
  }

  /**
   * Waits until no step is under way, and keeps steps out until {@link #endReading}: so the
   * parameters of a whole step can be copied, while predictions go on.
   *
   * @throws IllegalStateException if the network was closed
   */
  public long beginReading() {
    return gate.beginReading();
  }

  /** Lets steps in again. */
  public void endReading(long stamp) {
    gate.endReading(stamp);
  }

  /**
   * Computes outputs for rows of any number, 256 at a time: {@code Y <- f(X)}. Up to so many
   * allocate nothing after the first calls. Safe for many threads; as many as call at once take
   * memory of their own ({@link Memory#inference}), which is kept for the next. The last bits of an
   * answer may depend on how many rows are asked for together, never on threads. What overflows is
   * infinite or NaN and handed out as it is; nobody looks.
   *
   * @param x rows of inputs, N x {@link #inputs}, copied before they are used
   * @param y rows of outputs, N x {@link #outputs}, overwritten
   * @throws IllegalArgumentException if a shape does not fit
   * @throws IllegalStateException if the network, or the arena of x or y, was closed
   * @throws WrongThreadException if x or y lies in another thread's confined arena
   */
  public void predict(Matrix x, Matrix y) {
    long stamp = gate.beginReading();
    try {
      predictions.run(x, y);
    } finally {
      gate.endReading(stamp);
    }
  }

  /**
   * Returns a new network for inference, in which each batch norm, by its running statistics, is
   * part of the dense layer right below it: answers are the same up to rounding and take less time.
   *
   * @throws IllegalStateException if no batch norm is right behind a dense layer's sums
   */
  public Network folded() {
    long stamp = gate.beginReading();
    try {
      return new Folding(architecture).fold(slabs, seed, ownsEngine ? null : engine);
    } finally {
      gate.endReading(stamp);
    }
  }

  /** Returns what was allocated: nothing yet of what was not asked for. */
  Memory memory() {
    long learnt = parameters.segment().byteSize();
    long kept = statistics.segment().byteSize();
    return new Memory(learnt, kept, trainings.bytes(), predictions.bytes());
  }

  /** Adds what to do when this network is closed: free a trainer's state, for one. */
  public void onClose(Runnable action) {
    gate.onClose(action);
  }

  /** Takes back what {@link #onClose} was given; nothing if it is not there. */
  public void forget(Runnable action) {
    gate.forget(action);
  }

  /** Frees all memory; a second call does nothing. */
  @Override
  public void close() {
    boolean done =
        gate.close(
            () -> {
              predictions.close();
              trainings.close();
              arena.close();
            });
    if (done && ownsEngine) {
      engine.close();
    }
  }

  /** Starts from an architecture, to which more layers may be added. */
  public static NetworkBuilder of(Architecture architecture) {
    return new NetworkBuilder(new ArchitectureBuilder(architecture));
  }

  /**
   * Starts from the words of an architecture; parameters are zero.
   *
   * @throws IllegalArgumentException if the text is none, with the word that is wrong
   */
  public static NetworkBuilder parse(String architecture) {
    return of(Architecture.parse(architecture));
  }
}
