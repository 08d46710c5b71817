package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * The passes of all rules, one number at a time.
 *
 * <p>Averages below the smallest normal number become zero, and so do squares that would be: they
 * change no parameter that a float can hold, but would slow many processors down for the rest of
 * the training. PyTorch keeps them.
 */
final class ScalarUpdates {
  /** The number below which a square is no normal number. */
  static final float TINY = tiny(1);

  private ScalarUpdates() {}

  /** Returns the pass of a rule. */
  static UpdateLoop loop(Update update) {
    return switch (update) {
      case SGD -> ScalarUpdates::sgd;
      case MOMENTUM -> ScalarUpdates::momentum;
      case LION -> ScalarUpdates::lion;
      case RMSPROP -> ScalarUpdates::rmsprop;
      case RMSPROP_MOMENTUM -> ScalarUpdates::rmspropMomentum;
      case RMSPROP_CENTERED -> ScalarUpdates::rmspropCentered;
      case ADADELTA -> ScalarUpdates::adadelta;
      case ADAM -> ScalarUpdates::adam;
      case AMSGRAD -> ScalarUpdates::amsgrad;
      case ADAMAX -> ScalarUpdates::adamax;
      case NADAM -> ScalarUpdates::nadam;
    };
  }

  /** Returns the gradient below which its share of an average of squares is no normal number. */
  static float tiny(float share) {
    return (float) Math.sqrt(Float.MIN_NORMAL / (double) share);
  }

  /** Returns a clipped gradient; NaN stays NaN. */
  private static float clip(float g, float factor, float bound) {
    float scaled = g * factor;
    return scaled > bound ? bound : scaled < -bound ? -bound : scaled;
  }

  private static float flush(float x) {
    return Math.abs(x) < Float.MIN_NORMAL ? 0 : x;
  }

  /** Returns an average of squares after one more, both without subnormal numbers. */
  private static float square(UpdateStep s, float average, float x, float tiny) {
    float base = Math.abs(x) < tiny ? 0 : x;
    float next = s.keep2 * average + s.share2 * base * base;
    return next < Float.MIN_NORMAL ? 0 : next;
  }

  private static float root(float x) {
    return (float) Math.sqrt(x);
  }

  private static void sgd(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      s.w.set(JAVA_FLOAT, at, wi - s.rate * gi);
    }
  }

  private static void momentum(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = flush(s.first ? gi : s.keep1 * s.a.get(JAVA_FLOAT, at) + s.share1 * gi);
      s.a.set(JAVA_FLOAT, at, vi);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * (s.nesterov ? gi + s.keep1 * vi : vi));
    }
  }

  private static void lion(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at) * s.shrink;
      float gi = clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound);
      float mi = s.a.get(JAVA_FLOAT, at);
      float ci = s.keep1 * mi + s.share1 * gi;
      s.a.set(JAVA_FLOAT, at, flush(s.keep2 * mi + s.share2 * gi));
      // Not Math.signum: what is neither above nor below zero keeps its sign, or is no number.
      float step = ci > 0 ? s.rate : ci < 0 ? -s.rate : ci * 0;
      s.w.set(JAVA_FLOAT, at, wi - step);
    }
  }

  private static void rmsprop(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, s.a.get(JAVA_FLOAT, at), gi, tiny);
      s.a.set(JAVA_FLOAT, at, vi);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * gi / (root(vi) + s.epsilon));
    }
  }

  private static void rmspropMomentum(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, s.a.get(JAVA_FLOAT, at), gi, tiny);
      s.a.set(JAVA_FLOAT, at, vi);
      float bi = flush(s.keep1 * s.b.get(JAVA_FLOAT, at) + gi / (root(vi) + s.epsilon));
      s.b.set(JAVA_FLOAT, at, bi);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * bi);
    }
  }

  private static void rmspropCentered(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, s.a.get(JAVA_FLOAT, at), gi, tiny);
      s.a.set(JAVA_FLOAT, at, vi);
      float mi = flush(s.keep2 * s.c.get(JAVA_FLOAT, at) + s.share2 * gi);
      s.c.set(JAVA_FLOAT, at, mi);
      float base = Math.abs(mi) < TINY ? 0 : mi;
      float variance = vi - base * base;
      variance = variance < 0 ? 0 : variance;
      float bi = flush(s.keep1 * s.b.get(JAVA_FLOAT, at) + gi / (root(variance) + s.epsilon));
      s.b.set(JAVA_FLOAT, at, bi);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * bi);
    }
  }

  private static void adadelta(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, s.a.get(JAVA_FLOAT, at), gi, tiny);
      s.a.set(JAVA_FLOAT, at, vi);
      float ui = s.b.get(JAVA_FLOAT, at);
      float step = root(ui + s.epsilon) / root(vi + s.epsilon) * gi;
      s.b.set(JAVA_FLOAT, at, square(s, ui, step, tiny));
      s.w.set(JAVA_FLOAT, at, wi - s.rate * step);
    }
  }

  private static void adam(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at) * s.shrink;
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * s.a.get(JAVA_FLOAT, at) + s.share1 * gi);
      float vi = square(s, s.b.get(JAVA_FLOAT, at), gi, tiny);
      s.a.set(JAVA_FLOAT, at, mi);
      s.b.set(JAVA_FLOAT, at, vi);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * mi / (root(vi) * s.rootScale + s.epsilon));
    }
  }

  private static void amsgrad(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at) * s.shrink;
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * s.a.get(JAVA_FLOAT, at) + s.share1 * gi);
      float vi = square(s, s.b.get(JAVA_FLOAT, at), gi, tiny);
      float most = Math.max(s.c.get(JAVA_FLOAT, at), vi);
      s.a.set(JAVA_FLOAT, at, mi);
      s.b.set(JAVA_FLOAT, at, vi);
      s.c.set(JAVA_FLOAT, at, most);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * mi / (root(most) * s.rootScale + s.epsilon));
    }
  }

  private static void adamax(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at);
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * s.a.get(JAVA_FLOAT, at) + s.share1 * gi);
      float ui = Math.max(s.keep2 * s.b.get(JAVA_FLOAT, at), Math.abs(gi) + s.epsilon);
      s.a.set(JAVA_FLOAT, at, mi);
      s.b.set(JAVA_FLOAT, at, ui <= s.epsilon ? 0 : ui);
      s.w.set(JAVA_FLOAT, at, wi - s.rate * mi / ui);
    }
  }

  private static void nadam(
      UpdateStep s, MemorySegment g, long gStart, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = s.w.get(JAVA_FLOAT, at) * s.shrink;
      float gi =
          clip(g.get(JAVA_FLOAT, gStart + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * s.a.get(JAVA_FLOAT, at) + s.share1 * gi);
      float vi = square(s, s.b.get(JAVA_FLOAT, at), gi, tiny);
      s.a.set(JAVA_FLOAT, at, mi);
      s.b.set(JAVA_FLOAT, at, vi);
      float step = s.ahead * gi + s.rate * mi;
      s.w.set(JAVA_FLOAT, at, wi - step / (root(vi) * s.rootScale + s.epsilon));
    }
  }
}
