package fathom.jmh.peers;

import fathom.jmh.Workload;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One thing that is timed.
 *
 * @param name as on the command line; parts of a family are named {@code family/part}
 * @param workload the network, or null
 * @param activation the elementwise function, or null
 * @param backward whether the derivative is computed as well
 * @param size rows to answer, numbers to fill, elements or parameters
 */
public record Discipline(
    String name, Kind kind, Workload workload, String activation, boolean backward, int size) {

  /** What is done, and so what is reported. */
  public enum Kind {
    /** Forward, loss, backward, update. */
    TRAIN,
    /** Forward, loss, backward. */
    GRADIENT,
    /** Forward; each call is timed. */
    INFER,
    /** He-normal weights. */
    FILL_NORMAL,
    /** Xavier-uniform weights. */
    FILL_UNIFORM,
    /** One elementwise function. */
    ACTIVATION,
    /** One step of Adam. */
    OPTIMIZER,
    /** From the start of the JVM to the end of the first step. */
    START,
    /** sgemm 4096 x 4096 x 4096, the machine's peak. */
    PEAK
  }

  /** The length of a side of the matrix that is filled. */
  public static final int FILL_SIDE = 10_000;

  /** The length of a side of the product that stands for the machine's peak. */
  public static final int PEAK_SIDE = 4096;

  static final Discipline PEAK = new Discipline("peak", Kind.PEAK, null, null, false, PEAK_SIDE);

  private static final int LARGEST_ACTIVATION = 10_000_000;
  private static final int PARAMETERS = 10_000_000;
  private static final String ACTIVATIONS = "activations";
  private static final List<String> FUNCTIONS =
      List.of(
          "logistic",
          "tanh",
          "relu",
          "leaky_relu",
          "elu",
          "selu",
          "gelu",
          "gelu_tanh",
          "silu",
          "softplus",
          "softsign",
          "hardtanh",
          "hardsigmoid",
          "hardswish",
          "mish");
  private static final List<Discipline> ALL = all();

  private static List<Discipline> all() {
    List<Discipline> all = new ArrayList<>();
    for (Workload w : Workload.values()) {
      Kind kind = w.rule() == Workload.Rule.NONE ? Kind.GRADIENT : Kind.TRAIN;
      all.add(new Discipline(w.name().toLowerCase(Locale.ROOT), kind, w, null, true, w.batch()));
    }
    all.add(new Discipline("infer1", Kind.INFER, Workload.MEDIUM, null, false, 1));
    all.add(new Discipline("infer64", Kind.INFER, Workload.MEDIUM, null, false, 64));
    int numbers = FILL_SIDE * FILL_SIDE;
    all.add(new Discipline("fill-he", Kind.FILL_NORMAL, null, null, false, numbers));
    all.add(new Discipline("fill-xavier", Kind.FILL_UNIFORM, null, null, false, numbers));
    for (String f : FUNCTIONS) {
      for (boolean backward : new boolean[] {false, true}) {
        for (int n = 1000; n <= LARGEST_ACTIVATION; n *= 10) {
          String pass = backward ? "both" : "forward";
          String name = ACTIVATIONS + "/" + f + "/" + pass + "/" + n;
          all.add(new Discipline(name, Kind.ACTIVATION, null, f, backward, n));
        }
      }
    }
    all.add(new Discipline("optimizer", Kind.OPTIMIZER, null, null, false, PARAMETERS));
    all.add(new Discipline("start", Kind.START, Workload.SMALL, null, true, 1));
    return all;
  }

  /** Returns all names that a command line may use, families by their first part. */
  static Set<String> families() {
    Set<String> names = new LinkedHashSet<>();
    for (Discipline d : ALL) {
      names.add(d.name.split("/", 2)[0]);
    }
    return names;
  }

  /**
   * Returns the disciplines of a name or the first parts of one.
   *
   * @throws IllegalArgumentException if there is none
   */
  static List<Discipline> named(String name) {
    if (name.equals(PEAK.name)) {
      return List.of(PEAK);
    }
    List<Discipline> found =
        ALL.stream().filter(d -> d.name.equals(name) || d.name.startsWith(name + "/")).toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown workload '" + name + "'; there are " + String.join(", ", families()));
    }
    return found;
  }

  /** Returns what one JVM does in a row: an activation's passes and sizes, or one discipline. */
  String group() {
    return kind == Kind.ACTIVATION ? ACTIVATIONS + "/" + activation : name;
  }

  /** Returns the threads that compute, of those asked for: some disciplines are about one. */
  int threads(int asked) {
    return kind == Kind.ACTIVATION || kind == Kind.GRADIENT ? 1 : asked;
  }

  /** Returns the operations of the products of one run, or 0 where there are none to speak of. */
  double flops() {
    return switch (kind) {
      case TRAIN, GRADIENT -> workload.flops();
      case INFER -> workload.flopsToAnswer(size);
      case PEAK -> 2.0 * PEAK_SIDE * PEAK_SIDE * PEAK_SIDE;
      default -> 0;
    };
  }
}
