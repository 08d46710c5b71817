package fathom.optim;

/**
 * The learning rate over a training: a function of the step and of the base rate, which is the
 * optimizer's. All schedules made here are immutable and pure, so that a resumed training needs no
 * more than its number of steps; {@link Plateau}, which follows a loss, is the only one with state.
 * They allocate nothing and are safe for many threads.
 *
 * <p>Where PyTorch's {@code torch.optim.lr_scheduler} has the schedule, its definition is taken,
 * with one scheduler step for each training step.
 */
@FunctionalInterface
public interface Schedule {
  /**
   * Returns the learning rate of a step.
   *
   * @param step the number of steps done before, from 0
   * @param base the optimizer's rate
   */
  double rate(long step, double base);

  /**
   * Returns what changes in the course of a training, for a checkpoint; of most, nothing. Steps
   * wait meanwhile, so that it must not use the network.
   */
  default double[] state() {
    return new double[0];
  }

  /**
   * Goes on from what {@link #state()} had returned. Must not use the network.
   *
   * @throws IllegalArgumentException if the numbers cannot come from there; nothing has changed
   *     then
   */
  default void restore(double[] state) {
    if (state.length != 0) {
      throw new IllegalArgumentException(
          this + " keeps no state, and is to go on from one of " + state.length + " numbers");
    }
  }

  /** Returns the base rate at every step. */
  static Schedule constant() {
    return new Schedules.Constant();
  }

  /**
   * Returns {@code base gamma^floor(step / every)}; PyTorch's {@code StepLR}.
   *
   * @param every steps from one drop to the next
   * @param gamma factor of a drop; positive
   * @throws IllegalArgumentException if an argument is out of range
   */
  static Schedule step(long every, double gamma) {
    return new Schedules.Step(every, gamma);
  }

  /**
   * Returns {@code base gamma^step}; PyTorch's {@code ExponentialLR}.
   *
   * @param gamma factor of a step; positive, and above 1 for a rate that rises
   * @throws IllegalArgumentException if it is not
   */
  static Schedule exponential(double gamma) {
    return new Schedules.Exponential(gamma);
  }

  /**
   * Returns {@code base / (1 + step / scale)^power}, the inverse of time for power 1, for which
   * Robbins and Monro (1951) prove convergence. PyTorch has no such scheduler; its {@code
   * PolynomialLR} is another one.
   *
   * @param scale steps after which the rate has fallen by the factor {@code 2^-power}; positive
   * @param power how fast the rate falls; at least 0
   * @throws IllegalArgumentException if an argument is out of range
   * @see <a href="https://doi.org/10.1214/aoms/1177729586">Robbins and Monro, A stochastic
   *     approximation method, 1951</a>
   */
  static Schedule power(double scale, double power) {
    return new Schedules.Power(scale, power);
  }

  /**
   * Returns {@code floor + (base - floor) (1 + cos(pi step / steps)) / 2}; PyTorch's {@code
   * CosineAnnealingLR}, which rises again after that many steps, where this stays at the floor.
   *
   * @param steps how many steps the fall takes
   * @param floor the rate at its end; at least 0
   * @throws IllegalArgumentException if an argument is out of range
   * @see <a href="https://arxiv.org/abs/1608.03983">Loshchilov and Hutter, SGDR: stochastic
   *     gradient descent with warm restarts, 2017</a>
   */
  static Schedule cosine(long steps, double floor) {
    return new Schedules.Cosine(steps, floor);
  }

  /**
   * Returns the cosine that starts anew after each period, of which every one is {@code multiplier}
   * times as long as the one before: {@code floor + (base - floor) (1 + cos(pi t / T)) / 2} for the
   * t-th step, from 0, of a period of T; PyTorch's {@code CosineAnnealingWarmRestarts}.
   *
   * @param period the steps of the first period
   * @param multiplier what lengthens each next one; at least 1
   * @param floor the rate towards which a period falls; at least 0
   * @throws IllegalArgumentException if an argument is out of range
   * @see <a href="https://arxiv.org/abs/1608.03983">Loshchilov and Hutter, SGDR: stochastic
   *     gradient descent with warm restarts, 2017</a>
   */
  static Schedule restarts(long period, int multiplier, double floor) {
    return new Schedules.Restarts(period, multiplier, floor);
  }

  /** As {@link #oneCycle(long, double, double, double)} with PyTorch's 0.3, 25 and 1e4. */
  static Schedule oneCycle(long steps) {
    return new Schedules.OneCycle(steps, 0.3, 25, 1e4);
  }

  /**
   * Returns one cycle with the base rate as its peak: half a cosine wave up from {@code base / div}
   * to {@code base} at step {@code peak = rise steps - 1}, and another down to {@code base / div /
   * finalDiv} at step {@code steps - 1}, where it stays. PyTorch's {@code OneCycleLR} with {@code
   * max_lr} = base, two phases and {@code anneal_strategy='cos'}, without its cycle of momentum.
   * Where the rise has less than a step, the peak is step 0.
   *
   * @param steps the steps of the training; at least 2
   * @param rise share of the steps for the rise; at least 0 and below 1
   * @param div the peak over the first rate; at least 1
   * @param finalDiv the first rate over the last; at least 1
   * @throws IllegalArgumentException if an argument is out of range
   * @see <a href="https://arxiv.org/abs/1708.07120">Smith and Topin, Super-convergence: very fast
   *     training of neural networks using large learning rates, 2018</a>
   */
  static Schedule oneCycle(long steps, double rise, double div, double finalDiv) {
    return new Schedules.OneCycle(steps, rise, div, finalDiv);
  }

  /**
   * As {@link #warmup(long, double)} from {@code 1 / (steps + 1)}: even stairs, of which the first
   * is a step above 0 and this schedule's first rate the last.
   */
  default Schedule warmup(long steps) {
    return warmup(steps, 1 / (Schedules.atLeast("the steps of the warm-up", 0, steps) + 1.0));
  }

  /**
   * Returns this schedule after a linear rise: {@code rate(0) (start + (1 - start) step / steps)}
   * while {@code step < steps}, then {@code rate(step - steps)}. PyTorch's {@code LinearLR} before
   * another scheduler in a {@code SequentialLR}.
   *
   * @param steps how many steps the rise takes; 0 for none
   * @param start the share of the rate of this schedule's step 0 that it begins with; in [0, 1]
   * @throws IllegalArgumentException if an argument is out of range
   * @see <a href="https://arxiv.org/abs/1706.02677">Goyal et al., Accurate, large minibatch SGD:
   *     training ImageNet in 1 hour, 2017</a>
   */
  default Schedule warmup(long steps, double start) {
    return new Schedules.Warmup(this, steps, start);
  }
}
