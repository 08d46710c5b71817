package fathom.kernel;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A rule with numbers for a step, clipped or not, and its definition in double precision. */
record UpdateCase(Rule rule, float factor, float bound) {
  private static final float RATE = 0.01f;
  private static final float AHEAD = 0.02f;
  private static final float DECAY = 0.03f;
  private static final float SHRINK = 0.97f;
  private static final float EPSILON = 1e-8f;
  private static final float KEEP1 = 0.9f;
  private static final float SHARE1 = 0.2f;
  private static final float KEEP2 = 0.99f;
  private static final float SHARE2 = 0.01f;
  private static final float ROOT_SCALE = 1.5f;

  enum Rule {
    SGD(Update.SGD),
    MOMENTUM_FIRST(Update.MOMENTUM),
    MOMENTUM(Update.MOMENTUM),
    NESTEROV_FIRST(Update.MOMENTUM),
    NESTEROV(Update.MOMENTUM),
    LION(Update.LION),
    RMSPROP(Update.RMSPROP),
    RMSPROP_MOMENTUM(Update.RMSPROP_MOMENTUM),
    RMSPROP_CENTERED(Update.RMSPROP_CENTERED),
    ADADELTA(Update.ADADELTA),
    ADAM(Update.ADAM),
    AMSGRAD(Update.AMSGRAD),
    ADAMAX(Update.ADAMAX),
    NADAM(Update.NADAM);

    final Update update;

    Rule(Update update) {
      this.update = update;
    }

    boolean isFirst() {
      return this == MOMENTUM_FIRST || this == NESTEROV_FIRST;
    }

    boolean isNesterov() {
      return this == NESTEROV || this == NESTEROV_FIRST;
    }
  }

  /** All rules, as they are and with gradients scaled and bound. */
  static Stream<UpdateCase> all() {
    List<UpdateCase> cases = new ArrayList<>();
    for (Rule rule : Rule.values()) {
      cases.add(new UpdateCase(rule, 1, Float.POSITIVE_INFINITY));
      cases.add(new UpdateCase(rule, 0.3f, Float.POSITIVE_INFINITY));
      cases.add(new UpdateCase(rule, 0.7f, 0.5f));
    }
    return cases.stream();
  }

  /** Steps. */
  void apply(UpdateKernels kernels, MemorySegment[] s, long from, long to) {
    apply(kernels, s, s[1], 0, from, to);
  }

  /** Steps by gradients that begin at the element first. */
  void apply(
      UpdateKernels kernels,
      MemorySegment[] s,
      MemorySegment gradients,
      long first,
      long from,
      long to) {
    UpdateStep step = new UpdateStep(s[0], List.of(s[2], s[3], s[4]));
    step.rate = RATE;
    step.ahead = AHEAD;
    step.decay = DECAY;
    step.shrink = SHRINK;
    step.epsilon = EPSILON;
    step.keep1 = KEEP1;
    step.share1 = SHARE1;
    step.keep2 = KEEP2;
    step.share2 = SHARE2;
    step.rootScale = ROOT_SCALE;
    step.first = rule.isFirst();
    step.nesterov = rule.isNesterov();
    kernels.update(rule.update, step, gradients, first, from, to, factor, bound);
  }

  /** Returns w, a, b and c after the step. */
  Rounded[] reference(double w, double g, double a, double b, double c) {
    Rounded[] s = {Rounded.of(w), Rounded.of(a), Rounded.of(b), Rounded.of(c)};
    Rounded clipped = Rounded.of(g).times(factor);
    if (Math.abs(clipped.value()) > bound) {
      clipped = Rounded.of(Math.copySign(bound, g));
    }
    switch (rule) {
      case LION -> lion(s, clipped);
      case ADAM, AMSGRAD, NADAM -> {
        s[0] = s[0].times(SHRINK);
        adam(s, clipped.plus(s[0].times(DECAY)));
      }
      default -> step(s, clipped.plus(s[0].times(DECAY)));
    }
    return s;
  }

  private static void lion(Rounded[] s, Rounded g) {
    double direction = Math.signum(s[1].times(KEEP1).plus(g.times(SHARE1)).value());
    s[0] = s[0].times(SHRINK).minus(Rounded.of(direction * RATE));
    s[1] = s[1].times(KEEP2).plus(g.times(SHARE2));
  }

  private void step(Rounded[] s, Rounded g) {
    switch (rule) {
      case SGD -> s[0] = s[0].minus(g.times(RATE));
      case MOMENTUM_FIRST, MOMENTUM, NESTEROV_FIRST, NESTEROV -> {
        s[1] = rule.isFirst() ? g : mean(s[1], g);
        Rounded step = rule.isNesterov() ? g.plus(s[1].times(KEEP1)) : s[1];
        s[0] = s[0].minus(step.times(RATE));
      }
      case RMSPROP -> {
        s[1] = squares(s[1], g);
        s[0] = s[0].minus(g.times(RATE).over(size(s[1])));
      }
      case RMSPROP_MOMENTUM, RMSPROP_CENTERED -> {
        s[1] = squares(s[1], g);
        Rounded square = s[1];
        if (rule == Rule.RMSPROP_CENTERED) {
          s[3] = s[3].times(KEEP2).plus(g.times(SHARE2));
          square = square.minus(s[3].times(s[3]));
        }
        s[2] = s[2].times(KEEP1).plus(g.over(size(square)));
        s[0] = s[0].minus(s[2].times(RATE));
      }
      case ADADELTA -> {
        s[1] = squares(s[1], g);
        Rounded past = s[2].plus(Rounded.of(EPSILON)).root();
        Rounded step = past.over(s[1].plus(Rounded.of(EPSILON)).root()).times(g);
        s[2] = squares(s[2], step);
        s[0] = s[0].minus(step.times(RATE));
      }
      case ADAMAX -> {
        s[1] = mean(s[1], g);
        s[2] = s[2].times(KEEP2).max(g.abs().plus(Rounded.of(EPSILON)));
        s[0] = s[0].minus(s[1].times(RATE).over(s[2]));
      }
      default -> throw new AssertionError(rule);
    }
  }

  private void adam(Rounded[] s, Rounded g) {
    s[1] = mean(s[1], g);
    s[2] = squares(s[2], g);
    Rounded square = s[2];
    if (rule == Rule.AMSGRAD) {
      s[3] = s[3].max(s[2]);
      square = s[3];
    }
    Rounded step = s[1].times(RATE);
    if (rule == Rule.NADAM) {
      step = g.times(AHEAD).plus(step);
    }
    Rounded size = square.root().times(ROOT_SCALE).plus(Rounded.of(EPSILON));
    s[0] = s[0].minus(step.over(size));
  }

  private static Rounded mean(Rounded mean, Rounded g) {
    return mean.times(KEEP1).plus(g.times(SHARE1));
  }

  private static Rounded squares(Rounded mean, Rounded g) {
    return mean.times(KEEP2).plus(g.times(SHARE2).times(g));
  }

  private static Rounded size(Rounded square) {
    return square.root().plus(Rounded.of(EPSILON));
  }
}
