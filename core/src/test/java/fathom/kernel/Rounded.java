package fathom.kernel;

/**
 * A number in double precision, and how far from it a computation in single precision may be that
 * does the same operations: each rounds once, by 2^-24 of its result, and passes on what its
 * operands were off.
 */
public record Rounded(double value, double error) {
  /** The error of a rounding to single precision, and a little for those of double precision. */
  private static final double UNIT = 0x1.0001p-24;

  /** A number that floats hold. */
  public static Rounded of(double value) {
    return new Rounded(value, 0);
  }

  /** A number computed in double precision and rounded once. */
  public static Rounded once(double value) {
    return rounded(value, 0);
  }

  private static Rounded rounded(double value, double error) {
    return new Rounded(value, error + UNIT * (Math.abs(value) + error));
  }

  public Rounded plus(Rounded y) {
    return rounded(value + y.value, error + y.error);
  }

  public Rounded minus(Rounded y) {
    return rounded(value - y.value, error + y.error);
  }

  public Rounded times(Rounded y) {
    double passed = Math.abs(value) * y.error + Math.abs(y.value) * error + error * y.error;
    return rounded(value * y.value, passed);
  }

  public Rounded times(double y) {
    return times(of(y));
  }

  public Rounded over(Rounded y) {
    double quotient = value / y.value;
    double least = Math.abs(y.value) - y.error;
    return rounded(quotient, least > 0 ? (error + Math.abs(quotient) * y.error) / least : 1e300);
  }

  /** The root is steepest at the lower end: √x - √(x - e) = e / (√x + √(x - e)). */
  public Rounded root() {
    double root = Math.sqrt(value);
    double least = Math.sqrt(Math.max(0, value - error));
    return rounded(root, error == 0 ? 0 : error / (root + least));
  }

  public Rounded max(Rounded y) {
    return new Rounded(Math.max(value, y.value), Math.max(error, y.error));
  }

  public Rounded abs() {
    return new Rounded(Math.abs(value), error);
  }
}
