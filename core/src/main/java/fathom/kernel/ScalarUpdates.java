package fathom.kernel;

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

  private static void sgd(UpdateStep s, long g, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      NativeMemory.set(s.w + at, wi - s.rate * gi);
    }
  }

  private static void momentum(UpdateStep s, long g, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = flush(s.first ? gi : s.keep1 * NativeMemory.get(s.a + at) + s.share1 * gi);
      NativeMemory.set(s.a + at, vi);
      NativeMemory.set(s.w + at, wi - s.rate * (s.nesterov ? gi + s.keep1 * vi : vi));
    }
  }

  private static void lion(UpdateStep s, long g, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at) * s.shrink;
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound);
      float mi = NativeMemory.get(s.a + at);
      float ci = s.keep1 * mi + s.share1 * gi;
      NativeMemory.set(s.a + at, flush(s.keep2 * mi + s.share2 * gi));
      // Not Math.signum: what is neither above nor below zero keeps its sign, or is no number.
      float step = ci > 0 ? s.rate : ci < 0 ? -s.rate : ci * 0;
      NativeMemory.set(s.w + at, wi - step);
    }
  }

  private static void rmsprop(UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, NativeMemory.get(s.a + at), gi, tiny);
      NativeMemory.set(s.a + at, vi);
      NativeMemory.set(s.w + at, wi - s.rate * gi / (root(vi) + s.epsilon));
    }
  }

  private static void rmspropMomentum(
      UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, NativeMemory.get(s.a + at), gi, tiny);
      NativeMemory.set(s.a + at, vi);
      float bi = flush(s.keep1 * NativeMemory.get(s.b + at) + gi / (root(vi) + s.epsilon));
      NativeMemory.set(s.b + at, bi);
      NativeMemory.set(s.w + at, wi - s.rate * bi);
    }
  }

  private static void rmspropCentered(
      UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, NativeMemory.get(s.a + at), gi, tiny);
      NativeMemory.set(s.a + at, vi);
      float mi = flush(s.keep2 * NativeMemory.get(s.c + at) + s.share2 * gi);
      NativeMemory.set(s.c + at, mi);
      float base = Math.abs(mi) < TINY ? 0 : mi;
      float variance = vi - base * base;
      variance = variance < 0 ? 0 : variance;
      float bi = flush(s.keep1 * NativeMemory.get(s.b + at) + gi / (root(variance) + s.epsilon));
      NativeMemory.set(s.b + at, bi);
      NativeMemory.set(s.w + at, wi - s.rate * bi);
    }
  }

  private static void adadelta(UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float vi = square(s, NativeMemory.get(s.a + at), gi, tiny);
      NativeMemory.set(s.a + at, vi);
      float ui = NativeMemory.get(s.b + at);
      float step = root(ui + s.epsilon) / root(vi + s.epsilon) * gi;
      NativeMemory.set(s.b + at, square(s, ui, step, tiny));
      NativeMemory.set(s.w + at, wi - s.rate * step);
    }
  }

  private static void adam(UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at) * s.shrink;
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * NativeMemory.get(s.a + at) + s.share1 * gi);
      float vi = square(s, NativeMemory.get(s.b + at), gi, tiny);
      NativeMemory.set(s.a + at, mi);
      NativeMemory.set(s.b + at, vi);
      NativeMemory.set(s.w + at, wi - s.rate * mi / (root(vi) * s.rootScale + s.epsilon));
    }
  }

  private static void amsgrad(UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at) * s.shrink;
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * NativeMemory.get(s.a + at) + s.share1 * gi);
      float vi = square(s, NativeMemory.get(s.b + at), gi, tiny);
      float most = Math.max(NativeMemory.get(s.c + at), vi);
      NativeMemory.set(s.a + at, mi);
      NativeMemory.set(s.b + at, vi);
      NativeMemory.set(s.c + at, most);
      NativeMemory.set(s.w + at, wi - s.rate * mi / (root(most) * s.rootScale + s.epsilon));
    }
  }

  private static void adamax(UpdateStep s, long g, long start, int n, float factor, float bound) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at);
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * NativeMemory.get(s.a + at) + s.share1 * gi);
      float ui = Math.max(s.keep2 * NativeMemory.get(s.b + at), Math.abs(gi) + s.epsilon);
      NativeMemory.set(s.a + at, mi);
      NativeMemory.set(s.b + at, ui <= s.epsilon ? 0 : ui);
      NativeMemory.set(s.w + at, wi - s.rate * mi / ui);
    }
  }

  private static void nadam(UpdateStep s, long g, long start, int n, float factor, float bound) {
    float tiny = tiny(s.share2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = NativeMemory.get(s.w + at) * s.shrink;
      float gi = clip(NativeMemory.get(g + (long) i * Float.BYTES), factor, bound) + s.decay * wi;
      float mi = flush(s.keep1 * NativeMemory.get(s.a + at) + s.share1 * gi);
      float vi = square(s, NativeMemory.get(s.b + at), gi, tiny);
      NativeMemory.set(s.a + at, mi);
      NativeMemory.set(s.b + at, vi);
      float step = s.ahead * gi + s.rate * mi;
      NativeMemory.set(s.w + at, wi - step / (root(vi) * s.rootScale + s.epsilon));
    }
  }
}
