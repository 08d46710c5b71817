package fathom.nn;

import fathom.engine.Engine;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Describes a network layer by layer; {@link Network#input} starts one. For one thread. */
public final class NetworkBuilder {
  private final ArchitectureBuilder layers;
  private int window;
  private long seed;
  private Engine engine;

  NetworkBuilder(ArchitectureBuilder layers) {
    this.layers = layers;
  }

  /**
   * Returns what has been described.
   *
   * @throws IllegalStateException if there is no layer
   */
  public Architecture architecture() {
    return layers.architecture();
  }

  /**
   * Adds a layer.
   *
   * @throws IllegalArgumentException if it does not fit what lies below
   */
  public NetworkBuilder add(LayerSpec layer) {
    layers.add(layer);
    return this;
  }

  /** Adds layers, from the first to the last. */
  public NetworkBuilder addAll(List<? extends LayerSpec> more) {
    more.forEach(layers::add);
    return this;
  }

  /** Adds a layer without activation: logits, or a regression's output. */
  public NetworkBuilder dense(int units) {
    return dense(units, Activation.IDENTITY);
  }

  /** Adds a layer with the initializer that keeps the variance through its activation. */
  public NetworkBuilder dense(int units, Activation activation) {
    return dense(units, activation, Initializer.recommended(activation));
  }

  /**
   * Adds a fully connected layer.
   *
   * @throws IllegalArgumentException if units is not positive
   */
  public NetworkBuilder dense(int units, Activation activation, Initializer initializer) {
    return add(new Dense(units, activation, initializer, true));
  }

  /**
   * Takes the bias from the dense layer just added, as before a batch norm, which has its own.
   *
   * @throws IllegalStateException if the last layer is not dense
   */
  public NetworkBuilder noBias() {
    layers.noBias();
    return this;
  }

  /** Adds an Elman layer with tanh. */
  public NetworkBuilder rnn(int units) {
    return rnn(units, Activation.TANH);
  }

  /**
   * Adds a simple recurrent layer (Elman 1990), {@code h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) +
   * b_hh)} with {@code h_0 = 0}. Where another recurrent layer follows, it gets the whole sequence,
   * and so do the layers between the two, which work on each step by itself: a dense layer with the
   * same weights at all of them, dropout with other draws. Behind the last recurrent layer comes
   * its last state alone. Input weights are drawn by what suits the activation, recurrent ones
   * orthogonal (see {@link #recurrent}).
   *
   * @param activation tanh or ReLU
   * @throws IllegalArgumentException if there is no sequence, or the activation is another
   */
  public NetworkBuilder rnn(int units, Activation activation) {
    Initializer initializer = Initializer.recommended(activation);
    return add(Recurrent.of(Recurrent.Kind.RNN, units, activation, initializer, window));
  }

  /**
   * Adds gated recurrent units (Cho et al. 2014) as PyTorch defines them: {@code r, z =
   * logistic(W_i x_t + b_i + W_h h_(t-1) + b_h)}, {@code n = tanh(W_in x_t + b_in + r * (W_hn
   * h_(t-1) + b_hn))}, {@code h_t = (1 - z) * n + z * h_(t-1)}; the gates' rows lie in this order.
   * Input weights are Xavier's of each gate, recurrent ones orthogonal in each gate, biases 0.
   *
   * @throws IllegalArgumentException if there is no sequence
   */
  public NetworkBuilder gru(int units) {
    return add(gated(Recurrent.Kind.GRU, units));
  }

  /**
   * Adds long short-term memory (Hochreiter and Schmidhuber 1997, with Gers' forget gate) as
   * PyTorch defines it: gates {@code i, f, g, o} in this order, logistic but for {@code g = tanh},
   * {@code c_t = f * c_(t-1) + i * g}, {@code h_t = o * tanh(c_t)}. Weights are drawn as in {@link
   * #gru}; the forget gate's bias starts at 1 (see {@link #forgetBias}).
   *
   * @throws IllegalArgumentException if there is no sequence
   */
  public NetworkBuilder lstm(int units) {
    return add(gated(Recurrent.Kind.LSTM, units));
  }

  private Recurrent gated(Recurrent.Kind kind, int units) {
    return Recurrent.of(kind, units, Activation.TANH, Initializer.XAVIER_UNIFORM, window);
  }

  /**
   * Draws the recurrent weights of the layer just added, each gate's by itself; orthogonal unless
   * set. {@link Initializer#IDENTITY} with ReLU is the IRNN of Le, Jaitly and Hinton 2015.
   *
   * @throws IllegalStateException if the last layer is not recurrent
   */
  public NetworkBuilder recurrent(Initializer initializer) {
    layers.lastRecurrent("recurrent()", r -> r.recurrentWeights(initializer));
    return this;
  }

  /**
   * Sets where the forget gate's bias of the LSTM just added starts: 1 unless set (Gers et al.
   * 2000), so that gradients last from the first step on; PyTorch draws it around 0. It lies in
   * {@code bias_ih}.
   *
   * @throws IllegalStateException if the last layer is no LSTM
   */
  public NetworkBuilder forgetBias(float bias) {
    layers.lastRecurrent("forgetBias()", r -> r.forgetBias(bias));
    return this;
  }

  /**
   * Truncates backpropagation through time in all recurrent layers, those to come included. Steps
   * are counted from the last one back in windows of {@code steps}, and no gradient by a state, nor
   * by an LSTM's cell, passes from a window to the one before it: it flows back {@code steps - 1}
   * times at most. Gradients by the inputs of steps pass as ever, and where only the last state is
   * used, earlier windows have none and cost nothing. Answers do not change.
   *
   * @param steps the length of a window; as long as the sequence or longer is no truncation
   * @throws IllegalArgumentException if steps is not positive
   */
  public NetworkBuilder truncate(int steps) {
    window = Architecture.requirePositive("a gradient's way back", steps);
    layers.truncate(window);
    return this;
  }

  /**
   * Takes the last layer away, so that another one can be added in its place: the head of a network
   * that is to learn another task.
   *
   * @throws IllegalStateException if the last layer is not dense
   */
  public NetworkBuilder withoutHead() {
    layers.removeHead();
    return this;
  }

  /** Adds batch normalization, then an activation; momentum 0.1 and epsilon 1e-5. */
  public NetworkBuilder batchNorm(Activation activation) {
    return batchNorm(activation, BatchNorm.MOMENTUM, BatchNorm.EPSILON);
  }

  /**
   * Adds batch normalization (Ioffe and Szegedy 2015), then an activation. Running statistics are
   * PyTorch's: {@code running <- (1 - momentum) running + momentum batch}.
   *
   * @throws IllegalArgumentException if momentum or epsilon is out of range
   */
  public NetworkBuilder batchNorm(Activation activation, float momentum, float epsilon) {
    return add(new BatchNorm(activation, momentum, epsilon));
  }

  /** Adds layer normalization (Ba et al. 2016), then an activation; epsilon 1e-5. */
  public NetworkBuilder layerNorm(Activation activation) {
    return add(new LayerNorm(activation, LayerNorm.EPSILON));
  }

  /** Adds an activation alone. */
  public NetworkBuilder activation(Activation activation) {
    return add(new Activate(activation));
  }

  /**
   * Adds dropout (Srivastava et al. 2014): in training, zeros with probability p, and the rest
   * divided by 1 - p.
   *
   * @throws IllegalArgumentException if p is not at least 0 and below 1
   */
  public NetworkBuilder dropout(double p) {
    return add(new Noise(Noise.Kind.DROPOUT, p));
  }

  /** Adds SELU's dropout (Klambauer et al. 2017), which keeps mean 0 and variance 1. */
  public NetworkBuilder alphaDropout(double p) {
    return add(new Noise(Noise.Kind.ALPHA_DROPOUT, p));
  }

  /** Adds normal noise in training. */
  public NetworkBuilder noise(double sigma) {
    return add(new Noise(Noise.Kind.NOISE, sigma));
  }

  /** Adds a residual block, {@code X + branch(X)}. */
  public NetworkBuilder residual(UnaryOperator<NetworkBuilder> branch) {
    return residual(1, branch);
  }

  /**
   * Adds a residual block, {@code X + scale branch(X)} (He et al. 2016). With a scale of 1 / sqrt
   * of the number of blocks the variance stays of order one at any depth.
   *
   * @param branch adds the branch's layers to the builder that it is given
   * @throws IllegalArgumentException if the branch is empty or gives another number of units
   */
  public NetworkBuilder residual(float scale, UnaryOperator<NetworkBuilder> branch) {
    layers.begin();
    NetworkBuilder unused = branch.apply(this);
    layers.end(scale);
    return this;
  }

  /** Returns the shapes of all tensors that the network would have, by name; allocates none. */
  public Map<String, List<Long>> tensors() {
    return architecture().tensors();
  }

  /**
   * Returns the memory that the network will take to train on batches of a size and to answer; next
   * to none is allocated.
   *
   * @throws IllegalArgumentException if the size is not positive
   * @throws IllegalStateException if there is no layer
   */
  public Memory memory(int batch) {
    return memory(batch, 1);
  }

  /**
   * As {@link #memory(int)}, of a network that keeps the outputs of every k-th layer alone, as by
   * {@link Network#recompute(int)}.
   *
   * @param every k, at least 1
   */
  public Memory memory(int batch, int every) {
    return memory(batch, every, 0);
  }

  /**
   * As {@link #memory(int, int)}, of a network whose first layers are frozen, as by {@link
   * Network#freeze}: they keep less.
   *
   * @param frozen how many layers
   */
  public Memory memory(int batch, int every, int frozen) {
    Architecture whole = architecture();
    boolean owns = engine == null;
    Engine planner = owns ? Engine.shared() : engine;
    try {
      return Memory.of(planner, whole, batch, every, frozen);
    } finally {
      if (owns) {
        planner.close();
      }
    }
  }

  /** Sets the seed of parameters, dropout and noise; 0 unless set, and as good as any other. */
  public NetworkBuilder seed(long newSeed) {
    seed = newSeed;
    return this;
  }

  /** Sets what computes; the caller closes it. Unless set, networks share one engine. */
  public NetworkBuilder engine(Engine newEngine) {
    engine = newEngine;
    return this;
  }

  /**
   * Allocates the network and draws its parameters.
   *
   * @throws IllegalStateException if there is no layer, or the JVM has no Vector API
   * @throws fathom.blas.BlasUnavailableException if the library cannot be loaded
   * @throws OutOfMemoryError if the system does not give the memory; nothing is kept of it
   */
  @SuppressWarnings("MustBeClosedChecker") // the network closes its arena
  public Network build() {
    Architecture whole = architecture();
    boolean owns = engine == null;
    Engine own = owns ? Engine.shared() : engine;
    Arena arena = Arena.ofShared();
    Network network = null;
    try {
      network = new Network(own, owns, whole, seed, arena);
      return network;
    } catch (OutOfMemoryError e) {
      throw tooLarge(whole.parameterCount(), e);
    } finally {
      if (network == null) {
        arena.close();
        if (owns) {
          own.close();
        }
      }
    }
  }

  private OutOfMemoryError tooLarge(long numbers, OutOfMemoryError refused) {
    OutOfMemoryError e =
        new OutOfMemoryError(
            String.format(
                "a network of %d parameters takes %d bytes off-heap, which the system does not give"
                    + " (%s); make it smaller, or close others first",
                numbers, Float.BYTES * numbers, refused.getMessage()));
    e.initCause(refused);
    return e;
  }
}
