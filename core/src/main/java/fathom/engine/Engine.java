package fathom.engine;

import fathom.blas.Blas;
import fathom.kernel.Kernels;

/**
 * A BLAS, a family of kernels and a crew of threads, which compute for networks. Many networks may
 * share one engine, and any number of threads may call it: a caller that finds the crew at work
 * computes on its own thread instead of waiting. Results do not depend on which of the two
 * happened, nor on the number of threads.
 */
public final class Engine implements AutoCloseable {
  /** The crew of all engines that {@link #shared} gave out and nobody has closed yet. */
  private static Crew common;

  private static int sharers;

  private final Blas blas;
  private final Kernels kernels;
  private final Crew crew;
  private boolean closed;

  /**
   * Creates an engine from its parts; {@link #of} and {@link #scalar} choose them.
   *
   * @param threads how many threads compute, the caller's included; they start at the first use
   * @throws IllegalArgumentException if threads is not positive
   */
  public Engine(Blas blas, Kernels kernels, int threads) {
    this(blas, kernels, crew(blas, threads));
  }

  private Engine(Blas blas, Kernels kernels, Crew crew) {
    this.blas = blas;
    this.kernels = kernels;
    this.crew = crew;
  }

  private static Crew crew(Blas blas, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    return new Crew(blas, threads);
  }

  /**
   * Returns an engine such as networks have unless told otherwise: OpenBLAS, Vector kernels, and
   * the threads of all engines of this kind, as many as the container may use. Each is closed by
   * who asked for it; the last one to be closed ends the threads.
   *
   * @throws fathom.blas.BlasUnavailableException if the library cannot be loaded
   */
  public static synchronized Engine shared() {
    Blas blas = Blas.openBlas();
    Kernels kernels = Kernels.vector();
    if (common == null) {
      common = new Crew(blas, Runtime.getRuntime().availableProcessors());
    }
    sharers++;
    return new Engine(blas, kernels, common);
  }

  /**
   * Returns an engine with threads of its own, over OpenBLAS and Vector kernels.
   *
   * @param threads how many threads compute, the caller's included; they start at the first use
   * @throws IllegalArgumentException if threads is not positive
   * @throws IllegalStateException if the JVM has no Vector API, with the option to add
   * @throws fathom.blas.BlasUnavailableException if the library cannot be loaded
   */
  public static Engine of(int threads) {
    return new Engine(Blas.openBlas(), Kernels.vector(), threads);
  }

  /**
   * Returns an engine in plain Java, without native code and without the Vector API: a control for
   * comparisons, and some tens of times slower.
   *
   * @param threads how many threads compute, the caller's included; they start at the first use
   * @throws IllegalArgumentException if threads is not positive
   */
  public static Engine scalar(int threads) {
    return new Engine(Blas.java(), Kernels.scalar(), threads);
  }

  /** Returns the library that multiplies matrices. */
  public Blas blas() {
    return blas;
  }

  /** Returns the family of kernels that does the elementwise work. */
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
   * Ends this engine's threads, or gives up its share of those that engines have in common; a
   * second call does nothing. Networks that still use it go on, each caller on his own thread, to
   * the same bits.
   */
  @Override
  public void close() {
    synchronized (Engine.class) {
      if (closed) {
        return;
      }
      closed = true;
      if (crew == common) {
        sharers--;
        if (sharers > 0) {
          return;
        }
        common = null;
      }
    }
    crew.close();
  }
}
