package fathom.blas;

import java.util.Locale;

/** Turns what a loader threw into one line that names the cause and the remedy. */
final class LoadFailure {
  private LoadFailure() {}

  static BlasUnavailableException explain(String platform, Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String what = String.valueOf(root.getMessage()).lines().findFirst().orElse(root.toString());
    return new BlasUnavailableException(
        "no BLAS on " + platform + ": " + what + "; " + remedy(platform, what, root), thrown);
  }

  private static String remedy(String platform, String what, Throwable root) {
    String text = what.toLowerCase(Locale.ROOT);
    if (root instanceof NoClassDefFoundError || root instanceof ClassNotFoundException) {
      return "add org.bytedeco:javacpp and org.bytedeco:openblas to the class path";
    }
    if (text.contains("operation not permitted") || text.contains("failed to map segment")) {
      return "the cache folder forbids executing files: name another one with"
          + " -Dorg.bytedeco.javacpp.cachedir=FOLDER";
    }
    if (text.contains("permission denied") || text.contains("read-only")) {
      return "the cache folder cannot be written: name another one with"
          + " -Dorg.bytedeco.javacpp.cachedir=FOLDER";
    }
    if (text.contains("no jni") || text.contains("java.library.path")) {
      return "add the jars org.bytedeco:javacpp and org.bytedeco:openblas with classifier "
          + platform;
    }
    if (text.contains("glibc") || text.contains("musl") || text.contains("no such file")) {
      return "the library needs a glibc-based system with the usual C runtime";
    }
    return "see -Dorg.bytedeco.javacpp.logger.debug=true for every step of the loader";
  }
}
