package fathom.blas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * The native library. JavaCPP finds, unpacks and loads it, and honours the presets' own switches;
 * the products themselves are called through the foreign-function linker on raw addresses, so that
 * a call makes no pointer object and JavaCPP's collector-driven memory limits never play a part.
 *
 * <p>Which of the two ways is faster was measured: 33 ns against 36 ns for a 4x4x4 product, equal
 * from 16x16x16 on. The linker needs no pointer per operand and thread, so it stays.
 */
@SuppressWarnings("restricted")
final class OpenBlas extends Blas {
  private static final int ROW_MAJOR = 101;
  private static final int NO_TRANS = 111;
  private static final int TRANS = 112;
  private static final Linker LINKER = Linker.nativeLinker();

  private final MethodHandle sgemm;
  private final Threads threads;
  private final String name;
  private final String core;

  /** Loads the library once; a failure is remembered by the class and reported at every call. */
  private static final class Holder {
    static final OpenBlas LOADED;
    static final BlasUnavailableException FAILURE;

    static {
      OpenBlas loaded = null;
      BlasUnavailableException failure = null;
      try {
        Loader.load(openblas_nolapack.class);
        loaded = new OpenBlas();
      } catch (Throwable t) {
        failure = LoadFailure.explain(platform(), t);
      }
      LOADED = loaded;
      FAILURE = failure;
    }

    private static String platform() {
      try {
        return Loader.Detector.getPlatform();
      } catch (LinkageError withoutJavaCpp) {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
      }
    }
  }

  static OpenBlas load() {
    if (Holder.LOADED == null) {
      throw new BlasUnavailableException(Holder.FAILURE.getMessage(), Holder.FAILURE.getCause());
    }
    return Holder.LOADED;
  }

  private OpenBlas() {
    sgemm =
        handle(
            "cblas_sgemm",
            FunctionDescriptor.ofVoid(
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_FLOAT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_FLOAT,
                JAVA_LONG,
                JAVA_INT));
    if (Loader.addressof("MKL_Set_Num_Threads_Local") != null) {
      threads = new MklThreads();
      name = "MKL";
      core = "chosen by MKL";
    } else {
      threads = new OpenBlasThreads();
      Matcher version = Pattern.compile("OpenBLAS ([0-9.]+)").matcher(text("openblas_get_config"));
      name = version.find() ? version.group() : "OpenBLAS";
      core = text("openblas_get_corename");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String core() {
    return core;
  }

  @Override
  public int enter() {
    return threads.enter();
  }

  @Override
  public void leave(int token) {
    threads.leave(token);
  }

  @Override
  void sgemmKernel(
      Transpose transA,
      Transpose transB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int lda,
      long b,
      int ldb,
      float beta,
      long c,
      int ldc) {
    int ta = code(transA);
    int tb = code(transB);
    try {
      sgemm.invokeExact(ROW_MAJOR, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @Override
  void sgemvKernel(
      Transpose trans, int m, int n, float alpha, long a, int lda, long x, float beta, long y) {
    int ta = code(trans);
    try {
      Sgemv.CALL.invokeExact(ROW_MAJOR, ta, m, n, alpha, a, lda, x, 1, beta, y, 1);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @Override
  void dgemmKernel(
      Transpose transA,
      Transpose transB,
      int m,
      int n,
      int k,
      double alpha,
      long a,
      int lda,
      long b,
      int ldb,
      double beta,
      long c,
      int ldc) {
    int ta = code(transA);
    int tb = code(transB);
    try {
      Dgemm.CALL.invokeExact(ROW_MAJOR, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static int code(Transpose trans) {
    return trans == Transpose.NO ? NO_TRANS : TRANS;
  }

  private static MethodHandle handle(String symbol, FunctionDescriptor descriptor) {
    Pointer address = Loader.addressof(symbol);
    if (address == null) {
      throw new UnsatisfiedLinkError("the library has no symbol " + symbol);
    }
    return LINKER.downcallHandle(MemorySegment.ofAddress(address.address()), descriptor);
  }

  private static String text(String symbol) {
    try {
      MemorySegment text =
          (MemorySegment) handle(symbol, FunctionDescriptor.of(ADDRESS)).invokeExact();
      return text.reinterpret(1024).getString(0).trim();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Linked by the first product of a matrix and a vector, which many processes never compute. */
  private static final class Sgemv {
    static final MethodHandle CALL =
        handle(
            "cblas_sgemv",
            FunctionDescriptor.ofVoid(
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_FLOAT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_FLOAT,
                JAVA_LONG,
                JAVA_INT));
  }

  /** Linked by the first product in double precision. */
  private static final class Dgemm {
    static final MethodHandle CALL =
        handle(
            "cblas_dgemm",
            FunctionDescriptor.ofVoid(
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_DOUBLE,
                JAVA_LONG,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_DOUBLE,
                JAVA_LONG,
                JAVA_INT));
  }

  /** Keeps the library on the calling thread between enter and leave. */
  private interface Threads {
    int enter();

    void leave(int token);
  }

  /** MKL's setting is the calling thread's own. */
  private static final class MklThreads implements Threads {
    private final MethodHandle set =
        handle("MKL_Set_Num_Threads_Local", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    @Override
    public int enter() {
      return set(1);
    }

    @Override
    public void leave(int token) {
      int unused = set(token);
    }

    private int set(int threads) {
      try {
        return (int) set.invokeExact(threads);
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }
  }

  /**
   * OpenBLAS has one setting for the whole process. The first stretch to open keeps what an
   * embedder had set and asks for one thread; the last to close puts it back, unless somebody
   * changed it in between.
   */
  private static final class OpenBlasThreads implements Threads {
    private final MethodHandle set =
        handle("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    private final MethodHandle get =
        handle("openblas_get_num_threads", FunctionDescriptor.of(JAVA_INT));
    private int open;
    private int embedders;

    @Override
    public synchronized int enter() {
      if (open++ == 0) {
        embedders = get();
        if (embedders != 1) {
          set(1);
        }
      }
      return 1;
    }

    @Override
    public synchronized void leave(int token) {
      if (open == 0) {
        throw new IllegalStateException("leave() without an enter() before it");
      }
      if (--open == 0 && embedders != 1 && get() == 1) {
        set(embedders);
      }
    }

    private int get() {
      try {
        return (int) get.invokeExact();
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }

    private void set(int threads) {
      try {
        set.invokeExact(threads);
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }
  }
}
