package fathom.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every BLAS computes: each routine against sums in double precision. */
abstract class BlasContract {
  private static final int[] SIZES = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 97, 130};
  private static final float[] FACTORS = {0, 1, 2, -0.5f};

  private final Arena arena = Arena.ofShared();

  abstract Blas blas();

  @AfterEach
  void close() {
    arena.close();
  }

  /** One product, all its factors, and the sums of products that it should add up. */
  private final class Product {
    final Transpose transA;
    final Transpose transB;
    final int m;
    final int n;
    final int k;
    final Operand a;
    final Operand b;
    final Operand c;
    final double[][] sums;
    final double[][] sizes;
    final double[][] old;

    Product(
        Transpose transA,
        Transpose transB,
        int m,
        int n,
        int k,
        int gap,
        boolean isDouble,
        DoubleSupplier numbers) {
      this.transA = transA;
      this.transB = transB;
      this.m = m;
      this.n = n;
      this.k = k;
      boolean flipA = transA == Transpose.YES;
      boolean flipB = transB == Transpose.YES;
      a = Operand.of(arena, flipA ? k : m, flipA ? m : k, 2, isDouble, numbers);
      b = Operand.of(arena, flipB ? n : k, flipB ? k : n, 0, isDouble, numbers);
      c = Operand.of(arena, m, n, gap, isDouble, numbers);
      sums = new double[m][n];
      sizes = new double[m][n];
      old = new double[m][n];
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          for (int p = 0; p < k; p++) {
            double term = a.get(transA, i, p) * b.get(transB, p, j);
            sums[i][j] += term;
            sizes[i][j] += Math.abs(term);
          }
          old[i][j] = c.get(i, j);
        }
      }
    }

    /** The same product with an output of its own. */
    Product(Product other) {
      transA = other.transA;
      transB = other.transB;
      m = other.m;
      n = other.n;
      k = other.k;
      a = other.a;
      b = other.b;
      c = Operand.of(arena, m, n, 3, false, () -> Double.NaN);
      sums = other.sums;
      sizes = other.sizes;
      old = other.old;
    }

    void run(float alpha, float beta, String note) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          // With beta 0, what is there must not be read.
          c.set(i, j, beta == 0 ? Double.NaN : old[i][j]);
        }
      }
      call(alpha, beta);
      String what =
          String.format("%s%s %dx%dx%d alpha %s beta %s", transA, transB, m, n, k, alpha, beta);
      check(alpha, beta, what + note);
    }

    void call(float alpha, float beta) {
      Blas blas = blas();
      if (c.isDouble()) {
        blas.dgemm(
            transA,
            transB,
            m,
            n,
            k,
            alpha,
            a.segment(),
            a.offset(),
            a.ld(),
            b.segment(),
            b.offset(),
            b.ld(),
            beta,
            c.segment(),
            c.offset(),
            c.ld());
      } else {
        blas.sgemm(
            transA,
            transB,
            m,
            n,
            k,
            alpha,
            a.segment(),
            a.offset(),
            a.ld(),
            b.segment(),
            b.offset(),
            b.ld(),
            beta,
            c.segment(),
            c.offset(),
            c.ld());
      }
    }

    void runVector(float alpha, float beta, String note) {
      for (int i = 0; i < m; i++) {
        c.set(i, 0, beta == 0 ? Double.NaN : old[i][0]);
      }
      blas()
          .sgemv(
              transA,
              a.rows(),
              a.cols(),
              alpha,
              a.segment(),
              a.offset(),
              a.ld(),
              b.segment(),
              b.offset(),
              beta,
              c.segment(),
              c.offset());
      check(alpha, beta, String.format("%s %dx%d vector", transA, m, k) + note);
    }

    private void check(float alpha, float beta, String what) {
      // k products and sums, in whatever order, the factors and the last sum: k + 3 roundings.
      double u = (k + 3) * (c.isDouble() ? 0x1p-53 : 0x1p-24);
      double gamma = u / (1 - u);
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double expected = alpha * sums[i][j] + beta * old[i][j];
          double size = Math.abs(alpha) * sizes[i][j] + Math.abs(beta * old[i][j]);
          // In double precision, the reference's own roundings count as well.
          double bound = gamma * size * (c.isDouble() ? 2 : 1);
          double actual = c.get(i, j);
          if (!(Math.abs(actual - expected) <= bound)) {
            fail(what + " at (" + i + ", " + j + "): " + expected + ", not " + actual);
          }
        }
      }
      c.assertGuards(what);
    }
  }

  private interface Check {
    void run(Product product, float alpha, float beta);
  }

  private void forAllProducts(boolean isDouble, DoubleSupplier numbers, Check check) {
    for (int i = 0; i < SIZES.length; i++) {
      int[] others = {SIZES[(5 * i + 1) % 14], SIZES[(3 * i + 2) % 14], SIZES[(11 * i + 6) % 14]};
      for (int[] mnk :
          new int[][] {
            {SIZES[i], others[0], others[1]},
            {others[1], SIZES[i], others[2]},
            {others[2], others[0], SIZES[i]},
            {SIZES[i], SIZES[i], SIZES[i]}
          }) {
        for (Transpose transA : Transpose.values()) {
          for (Transpose transB : Transpose.values()) {
            Product product =
                new Product(transA, transB, mnk[0], mnk[1], mnk[2], 3, isDouble, numbers);
            boolean isSmall = (long) mnk[0] * mnk[1] * mnk[2] < 40_000;
            for (float alpha : FACTORS) {
              for (float beta : isSmall ? FACTORS : new float[] {alpha}) {
                check.run(product, alpha, beta);
              }
            }
            product.a.assertGuards("A " + Arrays.toString(mnk));
            product.b.assertGuards("B " + Arrays.toString(mnk));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void productsAreWithinTheBoundOfTheirRoundings(boolean isDouble) {
    Random random = new Random(1);
    forAllProducts(
        isDouble,
        () -> random.nextFloat() * 2 - 1,
        (product, alpha, beta) -> product.run(alpha, beta, " seed 1"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void productsOfSmallIntegersAreExact(boolean isDouble) {
    Random random = new Random(2);
    forAllProducts(
        isDouble,
        () -> random.nextInt(7) - 3,
        (product, alpha, beta) -> {
          product.run(alpha, beta, " seed 2");
          for (int i = 0; i < product.m; i++) {
            for (int j = 0; j < product.n; j++) {
              double exact = alpha * product.sums[i][j] + beta * product.old[i][j];
              // Adding 0 makes no difference of the two zeros.
              assertEquals(exact + 0.0, product.c.get(i, j) + 0.0, "seed 2");
            }
          }
        });
  }

  @Test
  void matrixTimesVectorIsWithinTheBoundOfItsRoundings() {
    Random random = new Random(3);
    for (int out : SIZES) {
      for (int in : SIZES) {
        for (Transpose trans : Transpose.values()) {
          Product product =
              new Product(
                  trans, Transpose.YES, out, 1, in, 0, false, () -> random.nextFloat() * 2 - 1);
          for (float alpha : FACTORS) {
            for (float beta : FACTORS) {
              product.runVector(alpha, beta, " seed 3");
            }
          }
        }
      }
    }
  }

  @Test
  void nanAndInfinityInInputsReachTheOutput() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      for (int n : new int[] {1, 7, 33}) {
        Product product = new Product(Transpose.NO, Transpose.NO, n, n, n, 1, false, () -> 1);
        product.a.set(n / 2, n - 1, bad);
        product.call(1, 0);
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            assertEquals(i == n / 2 ? bad : n, product.c.get(i, j), n + " " + bad);
          }
        }
      }
    }
  }

  @Test
  void eightThreadsAtOnceComputeTheSerialBits() throws Exception {
    Random random = new Random(4);
    List<Product> serial = new ArrayList<>();
    List<double[][]> expected = new ArrayList<>();
    for (int[] mnk : new int[][] {{130, 130, 130}, {33, 97, 64}, {1, 130, 97}, {16, 16, 16}}) {
      for (Transpose transA : Transpose.values()) {
        Product product =
            new Product(
                transA, Transpose.NO, mnk[0], mnk[1], mnk[2], 3, false, random::nextGaussian);
        int token = blas().enter();
        product.call(1, 0);
        blas().leave(token);
        serial.add(product);
        expected.add(numbers(product.c));
      }
    }
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        results.add(threads.submit(() -> repeat(serial, expected)));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void repeat(List<Product> serial, List<double[][]> expected) {
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < serial.size(); i++) {
        Product product = new Product(serial.get(i));
        int token = blas().enter();
        product.call(1, 0);
        blas().leave(token);
        assertTrue(Arrays.deepEquals(expected.get(i), numbers(product.c)), "seed 4, case " + i);
      }
    }
  }

  private static double[][] numbers(Operand operand) {
    double[][] numbers = new double[operand.rows()][operand.cols()];
    for (int r = 0; r < operand.rows(); r++) {
      for (int c = 0; c < operand.cols(); c++) {
        numbers[r][c] = operand.get(r, c);
      }
    }
    return numbers;
  }
}
