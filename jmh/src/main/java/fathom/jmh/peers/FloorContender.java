package fathom.jmh.peers;

import fathom.blas.Blas;
import fathom.blas.Transpose;
import fathom.engine.Engine;
import fathom.jmh.GemmOnly;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;

/** The matrix products of Fathom's steps and answers, by Fathom's own cut and threads: no more. */
public final class FloorContender implements Contender {
  private final Engine engine;
  private final Arena arena = Arena.ofShared();

  /** Opens an engine of its own. */
  public FloorContender(int threads) {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
  }

  @Override
  public String about() {
    return "products alone on " + engine.blas().name() + " (core " + engine.blas().core() + ")";
  }

  @Override
  public Job prepare(Discipline discipline) {
    return switch (discipline.kind()) {
      case TRAIN -> products(GemmOnly.ofStep(engine, discipline.workload(), arena));
      case INFER ->
          products(GemmOnly.ofAnswer(engine, discipline.workload(), discipline.size(), arena));
      case PEAK -> peak();
      default -> throw new UnsupportedOperationException("no matrix products to speak of");
    };
  }

  private Job products(GemmOnly products) {
    return new Job() {
      @Override
      public void run() {
        engine.run(products, true);
      }

      @Override
      public float[] result() {
        // These products are compared with plain sums where they are timed one by one.
        return new float[0];
      }
    };
  }

  /** One product on as many threads as the library itself would take. */
  private Job peak() {
    int n = Discipline.PEAK_SIDE;
    Matrix a = Matrix.allocate(arena, n, n);
    Matrix b = Matrix.allocate(arena, n, n);
    Matrix c = Matrix.allocate(arena, n, n);
    FathomContender.copy(Samples.uniform(n * n, 1, 1), a);
    FathomContender.copy(Samples.uniform(n * n, 1, 2), b);
    Blas blas = engine.blas();
    return FathomContender.job(
        () ->
            blas.sgemm(
                Transpose.NO,
                Transpose.NO,
                n,
                n,
                n,
                1,
                a.segment(),
                0,
                n,
                b.segment(),
                0,
                n,
                0,
                c.segment(),
                0,
                n),
        c);
  }
}
