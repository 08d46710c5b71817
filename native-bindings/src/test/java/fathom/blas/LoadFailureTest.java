package fathom.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Messages of JavaCPP 1.5.13, glibc, musl and the JVM, as they were seen. */
class LoadFailureTest {
  private static final String FOLDER =
      "name another folder with -Dorg.bytedeco.javacpp.cachedir=FOLDER";

  private static void assertRemedy(String remedy, Throwable thrown) {
    BlasUnavailableException failure = LoadFailure.explain("linux-x86_64", thrown);
    String message = failure.getMessage();
    assertTrue(message.startsWith("no BLAS on linux-x86_64: "), message);
    assertTrue(message.endsWith("; " + remedy), message);
    assertEquals(1, message.lines().count(), message);
    assertSame(thrown, failure.getCause());
  }

  private static UnsatisfiedLinkError link(String message) {
    return new UnsatisfiedLinkError(message);
  }

  @Test
  void missingClasses() {
    String remedy = "add org.bytedeco:javacpp and org.bytedeco:openblas to the class path";
    assertRemedy(remedy, new NoClassDefFoundError("org/bytedeco/javacpp/Loader"));
    Throwable cause = new ClassNotFoundException("org.bytedeco.openblas.global.openblas_nolapack");
    assertRemedy(remedy, new NoClassDefFoundError("x").initCause(cause));
  }

  @Test
  void missingPlatformJar() {
    Throwable cause =
        link("Could not find jniopenblas_nolapack in class, module, and library paths.");
    assertRemedy(
        "add the jar org.bytedeco:openblas with classifier linux-x86_64, if there is one for this"
            + " platform",
        link("no jniopenblas_nolapack in java.library.path: /usr/lib").initCause(cause));
  }

  /** Nobody requires the module of a platform by its name. */
  @Test
  void platformJarOnTheModulePath() {
    Throwable cause =
        link("Could not find jniopenblas_nolapack in class, module, and library paths.");
    String message =
        LoadFailure.explain("linux-x86_64", link("no").initCause(cause), true).getMessage();
    assertTrue(
        message.endsWith(
            "add the jar org.bytedeco:openblas with classifier linux-x86_64, if there is one for"
                + " this platform, and the option --add-modules ALL-MODULE-PATH"),
        message);
  }

  @Test
  void forbiddenNativeAccess() {
    assertRemedy(
        "allow native access with --enable-native-access=fathom.blas,fathom.core,org.bytedeco.javacpp, or"
            + " =ALL-UNNAMED on the class path",
        new IllegalCallerException("Illegal native access from unnamed module"));
  }

  @Test
  void noFolderThatCanBeWritten() {
    Throwable cause =
        new IOException(
            "Could not create the cache: Set the \"org.bytedeco.javacpp.cachedir\" system"
                + " property.");
    assertRemedy(
        "neither that folder nor the home and temporary folders can be written: " + FOLDER,
        link(cause.toString()).initCause(cause));
    assertRemedy(
        "the cache folder cannot be written: " + FOLDER,
        new IOException("/cache/.lock (Permission denied)"));
    assertRemedy(
        "the cache folder cannot be written: " + FOLDER,
        new IOException("/cache/.lock (Read-only file system)"));
  }

  @Test
  void folderThatForbidsExecution() {
    String path = "/cache/libjniopenblas_nolapack.so: ";
    Throwable thrown = link(path + path + "failed to map segment from shared object");
    assertRemedy("the cache folder forbids executing files: " + FOLDER, thrown);
    assertEquals(
        "no BLAS on linux-x86_64: "
            + path
            + "failed to map segment from shared object; the cache folder forbids executing files: "
            + FOLDER,
        LoadFailure.explain("linux-x86_64", thrown).getMessage());
  }

  @Test
  void fullOrBrokenFolder() {
    assertRemedy(
        "it could not be unpacked, the cache folder may be full: " + FOLDER,
        link(
            "/cache/libjniopenblas_nolapack.so: libopenblas_nolapack.so.0: cannot open shared"
                + " object file: No such file or directory"));
    String broken = "the cache folder is full or holds a broken file: empty it, or " + FOLDER;
    assertRemedy(broken, link("/cache/libopenblas.so.0: file too short"));
    assertRemedy(broken, link("/cache/libopenblas.so.0: invalid ELF header"));
    assertRemedy(broken, new IOException("No space left on device"));
  }

  @Test
  void missingSystemLibraries() {
    assertRemedy(
        "install the package of this system that holds libgfortran.so.5",
        link("libgfortran.so.5: cannot open shared object file: No such file or directory"));
    assertRemedy(
        "install the package of this system that holds libquadmath.so.0",
        link(
            "Error loading shared library libquadmath.so.0: No such file or directory (needed by"
                + " libgfortran.so.5)"));
    assertRemedy("install Microsoft's Visual C++ runtime", link("Can't find dependent libraries"));
  }

  @Test
  void foreignRuntime() {
    String remedy = "the library needs a glibc-based system (not musl) with a newer C runtime";
    assertRemedy(remedy, link("/lib64/libm.so.6: version `GLIBC_2.27' not found"));
    assertRemedy(
        remedy,
        link(
            "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed"
                + " by libopenblas.so.0)"));
    assertRemedy(remedy, link("Error relocating libopenblas.so.0: __strdup: symbol not found"));
  }

  @Test
  void anythingElse() {
    String remedy = "see -Dorg.bytedeco.javacpp.logger.debug=true for every step of the loader";
    assertRemedy(remedy, link("the library has no symbol cblas_sgemm"));
    assertRemedy(remedy, new IllegalStateException());
    assertRemedy(remedy, new IllegalStateException("one\ntwo"));
  }
}
