package fathom.kernel;

import fathom.blas.Blas;

/**
 * What computes: a BLAS, a family of kernels and a crew of threads. Many networks may share one
 * engine, and any number of threads may call it: who finds the crew at work computes on his own
 * thread instead of waiting. Results do not depend on which of the two happened, nor on the number
 * of threads.
 */
public final class Engine implements AutoCloseable {
  private static Engine shared;

  private final Blas blas;
  private final Kernels kernels;
  private final Crew crew;
  private int owners = 1;

  /**
   * An engine of its own.
   *
   * @param threads how many threads compute, the caller's included; they start at the first use
   * @throws IllegalArgumentException if threads is not positive
   */
  public Engine(Blas blas, Kernels kernels, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    this.blas = blas;
    this.kernels = kernels;
    crew = new Crew(blas, threads);
  }

  /**
   * Returns the engine that networks share unless told otherwise: OpenBLAS, Vector kernels, as many
   * threads as the container may use. Each call must be matched by a {@link #close}; the last one
   * ends the threads.
   *
   * @throws fathom.blas.BlasUnavailableException if the library cannot be loaded
   */
  public static synchronized Engine shared() {
    if (shared == null) {
      int processors = Runtime.getRuntime().availableProcessors();
      shared = new Engine(Blas.openBlas(), Kernels.vector(), processors);
    } else {
      shared.owners++;
    }
    return shared;
  }

  public Blas blas() {
    return blas;
  }

  public Kernels kernels() {
    return kernels;
  }

  /** Returns the number of threads that compute, the caller's included. */
  public int threads() {
    return crew.size();
  }

  /** Returns a product of one shape over this engine's BLAS. */
  public Product product(Form form, int rows, int cols, int inner) {
    return new Product(blas, form, rows, cols, inner);
  }

  /**
   * Runs a task on all members, or on the calling thread alone when it is too small to share or the
   * crew is at work. Returns when all is done; what a member throws is thrown here.
   *
   * @param worthSharing whether the task outweighs the meeting of threads, some microseconds
   */
  public void run(Task task, boolean worthSharing) {
    if (worthSharing) {
      crew.run(task);
    } else {
      crew.runAlone(task);
    }
  }

  /**
   * Ends this engine's threads once its last owner has closed it. Networks that still use it go on,
   * each caller on his own thread, to the same bits.
   */
  @Override
  public void close() {
    synchronized (Engine.class) {
      if (owners == 0 || --owners > 0) {
        return;
      }
      if (this == shared) {
        shared = null;
      }
    }
    crew.close();
  }
}
