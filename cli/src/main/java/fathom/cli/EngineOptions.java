package fathom.cli;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import picocli.CommandLine.Option;

/** What computes. */
final class EngineOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute; as many as processors unless given.")
  private Integer threads;

  /**
   * Returns an engine on OpenBLAS, or the library that the presets' switch names, and Vector
   * kernels.
   *
   * @throws fathom.blas.BlasUnavailableException if the library cannot be loaded
   */
  Engine open() {
    if (threads != null && threads < 1) {
      throw new BadInput("--threads must be at least 1, not " + threads);
    }
    return new Engine(Blas.openBlas(), Kernels.vector(), threads == null ? processors() : threads);
  }

  /** Returns how many processors this process may use. */
  static int processors() {
    return Runtime.getRuntime().availableProcessors();
  }
}
