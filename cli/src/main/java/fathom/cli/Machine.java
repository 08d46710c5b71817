package fathom.cli;

import fathom.blas.Blas;
import fathom.engine.Engine;

/**
 * What computes.
 *
 * @param blas the library's name and version
 * @param core the kind of processor that the library has chosen its kernels for
 * @param bits the width of a vector register in use
 * @param threads how many threads compute
 */
record Machine(String blas, String core, int bits, int threads) {
  static Machine of(Engine engine) {
    Blas blas = engine.blas();
    return new Machine(blas.name(), blas.core(), engine.kernels().bits(), engine.threads());
  }

  /** Returns the version of the running JDK. */
  static String jdk() {
    return Runtime.version().toString();
  }

  /** Adds the keys that every report ends with. */
  JsonObject addTo(JsonObject json) {
    return json.put("threads", threads)
        .put("blas", blas)
        .put("blas_core", core)
        .put("vector_bits", bits)
        .put("jdk", jdk());
  }

  @Override
  public String toString() {
    return String.format(
        "%s (%s), %d-bit vectors, %d %s, JDK %s",
        blas, core, bits, threads, threads == 1 ? "thread" : "threads", jdk());
  }
}
