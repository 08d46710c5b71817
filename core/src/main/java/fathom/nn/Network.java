package fathom.nn;

import fathom.kernel.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.StampedLock;
import java.util.stream.Collectors;

/**
 * A feed-forward network of dense layers. Parameters lie in one slab, gradients in another of the
 * same layout; both are named as in PyTorch's {@code nn.Sequential}: {@code 0.weight} (out x in),
 * {@code 0.bias}, ….
 *
 * <p>Any number of threads may call {@link #predict} at once, also while the network is trained: a
 * prediction sees the parameters of whole steps only. Training steps exclude each other. {@link
 * #close} waits for calls under way; afterwards every call throws {@link IllegalStateException}.
 */
public final class Network implements AutoCloseable {
  private final Engine engine;
  private final boolean ownsEngine;
  private final List<Dense> layers;
  private final long seed;
  private final Arena arena = Arena.ofShared();
  private final StampedLock lock = new StampedLock();
  private final ArrayDeque<Prediction> idle = new ArrayDeque<>();
  private final List<Workspace> workspaces = new ArrayList<>();
  private final Slab parameters;
  private final List<Runnable> closers = new ArrayList<>();
  private Slab gradients;
  private Workspace training;
  private volatile boolean closed;

  private Network(Engine engine, boolean ownsEngine, List<Dense> layers, long seed) {
    this.engine = engine;
    this.ownsEngine = ownsEngine;
    this.layers = layers;
    this.seed = seed;
    Slab.Layout layout = new Slab.Layout();
    for (Dense layer : layers) {
      layer.addTo(layout);
    }
    parameters = new Slab(layout, arena);
    for (Dense layer : layers) {
      layer.bindParameters(parameters);
    }
    reset(seed);
  }

  /**
   * Starts the description of a network.
   *
   * @param features the length of an input row
   */
  public static Builder input(int features) {
    return new Builder(features);
  }

  /** Draws all parameters anew, as if the network had been built with that seed. */
  public void reset(long newSeed) {
    long stamp = beginStep();
    try {
      for (int i = 0; i < layers.size(); i++) {
        layers.get(i).initialize(engine, newSeed, i);
      }
    } finally {
      endStep(stamp);
    }
  }

  /** Returns the length of an input row. */
  public int inputs() {
    return layers.get(0).in;
  }

  /** Returns the length of an output row. */
  public int outputs() {
    return layers.get(layers.size() - 1).out;
  }

  /** Returns the number of dense layers. */
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

  /** Returns the number of units of a layer. */
  public int units(int layer) {
    return layers.get(layer).out;
  }

  /** Returns the activation of a layer. */
  public Activation activation(int layer) {
    return layers.get(layer).activation;
  }

  /** Returns the names of the parameters that are learnt slopes of PReLU. */
  public Set<String> slopeNames() {
    return layers.stream()
        .filter(l -> l.activation.isLearnt())
        .map(l -> l.slopeName)
        .collect(Collectors.toSet());
  }

  /** Returns a layer in a line, as in {@code 784 -> 256 relu, he_normal}. */
  public String describe(int layer) {
    return layers.get(layer).toString();
  }

  /** Returns all parameters. They may be read and written between steps. */
  public Slab parameters() {
    requireOpen();
    return parameters;
  }

  /** Returns all gradients, as the last backward pass left them; allocated at the first call. */
  public synchronized Slab gradients() {
    requireOpen();
    if (gradients == null) {
      gradients = new Slab(parameters.layout(), arena);
      for (Dense layer : layers) {
        layer.bindGradients(gradients);
      }
    }
    return gradients;
  }

  /**
   * Returns the training pass for a batch size. Memory is allocated at the first call and when a
   * batch is larger than any before. Call it, and use the pass, between {@link #beginStep} and
   * {@link #endStep}.
   */
  public synchronized Pass pass(int batch) {
    requireOpen();
    if (batch < 1) {
      throw new IllegalArgumentException("a batch needs at least one sample, not " + batch);
    }
    if (training == null || training.capacity() < batch) {
      Slab unused = gradients();
      if (training != null) {
        training.close();
      }
      training = new Workspace(engine, layers, batch, true);
    }
    return training.pass(batch);
  }

  /**
   * Waits until no other call uses this network, and keeps it so until {@link #endStep}.
   *
   * @throws IllegalStateException if the network was closed
   */
  public long beginStep() {
    long stamp = lock.writeLock();
    if (closed) {
      lock.unlockWrite(stamp);
      requireOpen();
    }
    return stamp;
  }

  /** Lets other calls in again. */
  public void endStep(long stamp) {
    lock.unlockWrite(stamp);
  }

  /**
   * Computes outputs for rows of any number, some hundred at a time: {@code Y <- f(X)}. No
   * allocation after the first calls; safe for many threads.
   *
   * @param x rows of inputs, N x {@link #inputs}
   * @param y rows of outputs, N x {@link #outputs}, overwritten
   * @throws IllegalArgumentException if a shape does not fit
   * @throws IllegalStateException if the network was closed
   */
  public void predict(Matrix x, Matrix y) {
    if (x.cols() != inputs() || y.cols() != outputs() || x.rows() != y.rows()) {
      throw new IllegalArgumentException(
          String.format(
              "predict: inputs are %s and outputs %s, but this network maps rows of %d to rows of"
                  + " %d",
              x, y, inputs(), outputs()));
    }
    long stamp = lock.readLock();
    try {
      requireOpen();
      Prediction prediction = takePrediction();
      try {
        prediction.run(x, y);
      } finally {
        synchronized (idle) {
          idle.push(prediction);
        }
      }
    } finally {
      lock.unlockRead(stamp);
    }
  }

  private Prediction takePrediction() {
    synchronized (idle) {
      Prediction prediction = idle.poll();
      if (prediction == null) {
        Workspace memory = new Workspace(engine, layers, Prediction.ROWS, false);
        workspaces.add(memory);
        prediction = new Prediction(engine, memory);
      }
      return prediction;
    }
  }

  /** Adds what to do when this network is closed: free a trainer's state, for one. */
  public synchronized void onClose(Runnable action) {
    requireOpen();
    closers.add(action);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this network was closed");
    }
  }

  /** Frees all memory; a second call does nothing. */
  @Override
  public void close() {
    long stamp = lock.writeLock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      closers.forEach(Runnable::run);
      for (Workspace memory : workspaces) {
        memory.close();
      }
      if (training != null) {
        training.close();
      }
      arena.close();
    } finally {
      lock.unlockWrite(stamp);
    }
    if (ownsEngine) {
      engine.close();
    }
  }

  /** Describes a network layer by layer. */
  public static final class Builder {
    private final List<Dense> layers = new ArrayList<>();
    private int width;
    private int modules;
    private long seed;
    private Engine engine;

    private Builder(int features) {
      width = positive("an input row", features);
    }

    /** Adds a layer without activation: logits, or a regression's output. */
    public Builder dense(int units) {
      return dense(units, Activation.IDENTITY);
    }

    /** Adds a layer with the initializer that keeps the variance through its activation. */
    public Builder dense(int units, Activation activation) {
      return dense(units, activation, Initializer.recommended(activation));
    }

    /**
     * Adds a fully connected layer.
     *
     * @throws IllegalArgumentException if units is not positive
     */
    public Builder dense(int units, Activation activation, Initializer initializer) {
      positive("a layer", units);
      Dense layer = new Dense(width, units, activation, initializer, modules);
      layers.add(layer);
      modules += layer.modules();
      width = units;
      return this;
    }

    /** Sets the seed of the initial parameters; 0 unless set, and as good as any other. */
    public Builder seed(long newSeed) {
      seed = newSeed;
      return this;
    }

    /** Sets what computes; the caller closes it. Unless set, networks share one engine. */
    public Builder engine(Engine newEngine) {
      engine = newEngine;
      return this;
    }

    /**
     * Allocates the network and draws its parameters.
     *
     * @throws IllegalStateException if there is no layer
     * @throws fathom.blas.BlasUnavailableException if the library cannot be loaded
     */
    public Network build() {
      if (layers.isEmpty()) {
        throw new IllegalStateException("a network needs at least one layer");
      }
      boolean owns = engine == null;
      List<Dense> fresh = layers.stream().map(Dense::copy).toList();
      return new Network(owns ? Engine.shared() : engine, owns, fresh, seed);
    }

    private static int positive(String what, int size) {
      if (size < 1) {
        throw new IllegalArgumentException(what + " needs at least one unit, not " + size);
      }
      return size;
    }
  }
}
