package fathom.optim;

/** The optimizers by the names of the field, with PyTorch's hyperparameters. */
public enum Method {
  SGD(0.1f),
  MOMENTUM(0.01f),
  NESTEROV(0.01f),
  ADAGRAD(0.01f),
  RMSPROP(0.01f),
  ADADELTA(1),
  ADAM(1e-3f),
  AMSGRAD(1e-3f),
  ADAMAX(2e-3f),
  NADAM(2e-3f),
  ADAMW(1e-3f),
  RADAM(1e-3f),
  LION(1e-4f);

  private static final float ADAMW_DECAY = 0.01f;

  private final float rate;

  Method(float rate) {
    this.rate = rate;
  }

  /** Returns the learning rate to start from unless another is given. */
  public float rate() {
    return rate;
  }

  /**
   * Returns the optimizer.
   *
   * @param lr the learning rate
   * @param momentum of those that have one, or null for 0.9 (0 of RMSProp)
   * @param weightDecay or null for none (0.01 of AdamW)
   * @throws IllegalArgumentException if one is out of range
   */
  public Optimizer optimizer(float lr, Float momentum, Float weightDecay) {
    float m = momentum == null ? 0.9f : momentum;
    float decay = weightDecay == null ? 0 : weightDecay;
    return switch (this) {
      case SGD -> new Sgd(lr, 0, 0, decay, false);
      case MOMENTUM -> new Sgd(lr, m, 0, decay, false);
      case NESTEROV -> new Sgd(lr, m, 0, decay, true);
      case ADAGRAD -> new AdaGrad(lr, 0, 1e-10f, decay);
      case RMSPROP -> new RmsProp(lr, 0.99f, 1e-8f, momentum == null ? 0 : m, false, decay);
      case ADADELTA -> new AdaDelta(lr, 0.9f, 1e-6f, decay);
      case ADAM -> new Adam(lr, 0.9f, 0.999f, 1e-8f, decay);
      case AMSGRAD -> new Adam(lr, 0.9f, 0.999f, 1e-8f, decay, true);
      case ADAMAX -> new AdaMax(lr, 0.9f, 0.999f, 1e-8f, decay);
      case NADAM -> new Nadam(lr, 0.9f, 0.999f, 1e-8f, 4e-3f, decay, false);
      case ADAMW -> new AdamW(lr, 0.9f, 0.999f, 1e-8f, weightDecay == null ? ADAMW_DECAY : decay);
      case RADAM -> new RAdam(lr, 0.9f, 0.999f, 1e-8f, decay, false);
      case LION -> new Lion(lr, 0.9f, 0.99f, decay);
    };
  }
}
