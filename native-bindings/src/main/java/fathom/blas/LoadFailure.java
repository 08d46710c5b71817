package fathom.blas;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns what a loader threw into one line that names the cause and the remedy.
 *
 * <p>JavaCPP unpacks libraries into the first of three folders that it can create: the one that
 * {@code org.bytedeco.javacpp.cachedir} names, one in the home folder, one in the temporary folder.
 * It is silent about what fails on the way, so that a full disk shows as a library that the linker
 * does not find.
 */
final class LoadFailure {
  private static final String ANOTHER_FOLDER =
      "name another folder with -Dorg.bytedeco.javacpp.cachedir=FOLDER";

  private static final Pattern MISSING_LIBRARY =
      Pattern.compile("(\\S+): cannot open shared object file|shared library (\\S+): no such file");

  private LoadFailure() {}

  static BlasUnavailableException explain(String platform, Throwable thrown) {
    return explain(platform, thrown, LoadFailure.class.getModule().isNamed());
  }

  /** Explains, with respect to how modules are found. */
  static BlasUnavailableException explain(String platform, Throwable thrown, boolean onModulePath) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? "" : root.getMessage();
    String what = message.lines().findFirst().orElse(root.toString());
    // The linker names the file, and so does the JVM before it.
    what = what.replaceFirst("^(\\S+: )\\1", "$1");
    return new BlasUnavailableException(
        "no BLAS on " + platform + ": " + what + "; " + remedy(platform, what, root, onModulePath),
        thrown);
  }

  private static String remedy(String platform, String what, Throwable root, boolean onModulePath) {
    String text = what.toLowerCase(Locale.ROOT);
    if (root instanceof NoClassDefFoundError || root instanceof ClassNotFoundException) {
      return "add org.bytedeco:javacpp and org.bytedeco:openblas to the class path";
    }
    if (root instanceof IllegalCallerException) {
      return "allow native access with --enable-native-access=fathom.blas,fathom.core,org.bytedeco.javacpp, or"
          + " =ALL-UNNAMED on the class path";
    }
    if (text.contains("could not create the cache")) {
      return "neither that folder nor the home and temporary folders can be written: "
          + ANOTHER_FOLDER;
    }
    if (text.contains("operation not permitted") || text.contains("failed to map segment")) {
      return "the cache folder forbids executing files: " + ANOTHER_FOLDER;
    }
    if (text.contains("permission denied") || text.contains("read-only")) {
      return "the cache folder cannot be written: " + ANOTHER_FOLDER;
    }
    if (text.contains("no space left")
        || text.contains("file too short")
        || text.contains("invalid elf header")) {
      return "the cache folder is full or holds a broken file: empty it, or " + ANOTHER_FOLDER;
    }
    if (text.contains("in class, module, and library paths")
        || text.contains("java.library.path")) {
      return "add the jar org.bytedeco:openblas with classifier "
          + platform
          + ", if there is one for this platform"
          + (onModulePath ? ", and the option --add-modules ALL-MODULE-PATH" : "");
    }
    return linkerRemedy(text);
  }

  private static String linkerRemedy(String text) {
    Matcher missing = MISSING_LIBRARY.matcher(text);
    if (missing.find()) {
      String library = missing.group(1) == null ? missing.group(2) : missing.group(1);
      if (library.contains("openblas")) {
        return "it could not be unpacked, the cache folder may be full: " + ANOTHER_FOLDER;
      }
      if (!library.startsWith("ld-linux")) {
        return "install the package of this system that holds " + library;
      }
    }
    if (text.contains("ld-linux") || text.contains("glibc") || text.contains("error relocating")) {
      return "the library needs a glibc-based system (not musl) with a newer C runtime";
    }
    if (text.contains("dependent libraries")) {
      return "install Microsoft's Visual C++ runtime";
    }
    return "see -Dorg.bytedeco.javacpp.logger.debug=true for every step of the loader";
  }
}
