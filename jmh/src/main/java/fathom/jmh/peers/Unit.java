package fathom.jmh.peers;

/** What figures count. */
enum Unit {
  /** Training steps, or others that have no better name. */
  STEPS("steps/s", true),
  /** Single calls. */
  MICROSECONDS("us", false),
  /** Numbers drawn. */
  VALUES("values/s", true),
  /** Elements of a long array. */
  ELEMENTS("ns/element", false),
  /** Whole processes. */
  SECONDS("s", false);

  private final String title;
  private final boolean rate;

  Unit(String title, boolean rate) {
    this.title = title;
    this.rate = rate;
  }

  static Unit of(Discipline.Kind kind) {
    return switch (kind) {
      case TRAIN, GRADIENT, OPTIMIZER, PEAK -> STEPS;
      case INFER -> MICROSECONDS;
      case FILL_NORMAL, FILL_UNIFORM -> VALUES;
      case ACTIVATION -> ELEMENTS;
      case START -> SECONDS;
    };
  }

  String title() {
    return title;
  }

  /** Returns whether more is better. */
  boolean isRate() {
    return rate;
  }

  /** Returns a run's time in this unit. */
  double of(double seconds, Discipline discipline) {
    return switch (this) {
      case STEPS -> 1 / seconds;
      case MICROSECONDS -> seconds * 1e6;
      case VALUES -> discipline.size() / seconds;
      case ELEMENTS -> seconds * 1e9 / discipline.size();
      case SECONDS -> seconds;
    };
  }
}
