package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Trainings have the losses and weights that they had when these were written down, bit for bit, on
 * any number of threads. The README beside the figures says what they depend on, and when and how
 * they are to be written down anew.
 */
class SameBitsTest {
  /** A file to write figures to, rather than compare them. */
  private static final String WRITE = System.getProperty("fathom.bits", "");

  private static final int[] SHOWN = {1, 2, 5, 10, 25, 50};
  private static final Map<String, String> KNOWN = read("/bits/fifty-steps.txt");

  /** Reads lines of a name, a colon and figures. */
  static Map<String, String> read(String resource) {
    Map<String, String> known = new TreeMap<>();
    try (InputStream in = SameBitsTest.class.getResourceAsStream(resource)) {
      assertNotNull(in, resource + " is missing");
      new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .map(line -> line.split(": ", 2))
          .forEach(
              parts ->
                  assertEquals(null, known.put(parts[0], parts[1]), parts[0] + " is there twice"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return known;
  }

  static Stream<String> names() {
    return PinnedTraining.all().stream().map(training -> training.name);
  }

  @ParameterizedTest
  @MethodSource("names")
  void plainJavaHasTheseBitsOnAnyMachine(String name) throws IOException {
    compare(name, "java scalar", Blas.java(), Kernels.scalar());
  }

  @ParameterizedTest
  @MethodSource("names")
  void vectorKernelsHaveTheseBitsAtTheirWidth(String name) throws IOException {
    Kernels kernels = Kernels.vector();
    compare(name, "java vector " + kernels.bits(), Blas.java(), kernels);
  }

  @ParameterizedTest
  @MethodSource("names")
  void theLibraryHasTheseBitsOnACoreThatIsKnown(String name) throws IOException {
    Blas blas = Blas.openBlas();
    Kernels kernels = Kernels.vector();
    String engine = blas.name() + " " + blas.core() + ", vector " + kernels.bits();
    assumeTrue(
        !WRITE.isEmpty() || KNOWN.containsKey(engine + ", " + name),
        () -> "no figures were written down for " + engine);
    compare(name, engine, blas, kernels);
  }

  private static void compare(String name, String engine, Blas blas, Kernels kernels)
      throws IOException {
    String key = engine + ", " + name;
    String found = figures(name, blas, kernels, 1);
    for (int threads : new int[] {2, 3}) {
      assertEquals(found, figures(name, blas, kernels, threads), key + ", " + threads + " threads");
    }
    if (WRITE.isEmpty()) {
      assertEquals(KNOWN.get(key), found, key);
      return;
    }
    String line = key + ": " + found + System.lineSeparator();
    Files.writeString(Path.of(WRITE), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Trains; returns a digest of all numbers, some losses, and a checksum of all losses. */
  private static String figures(String name, Blas blas, Kernels kernels, int threads) {
    PinnedTraining training =
        PinnedTraining.all().stream().filter(t -> t.name.equals(name)).findFirst().orElseThrow();
    float[] losses = new float[PinnedTraining.STEPS];
    StringBuilder figures = new StringBuilder();
    try (Engine engine = new Engine(blas, kernels, threads)) {
      training.run(engine, network -> figures.append(digest(network)), losses);
    }
    for (int step : SHOWN) {
      figures.append(' ').append(Float.toHexString(losses[step - 1]));
    }
    CRC32C sum = new CRC32C();
    sum.update(bytes(losses));
    return figures.append(' ').append(Long.toHexString(sum.getValue())).toString();
  }

  /** Returns a digest of all parameters and statistics, wherever in their slabs they lie. */
  static String digest(Network network) {
    Map<String, Matrix> all = new TreeMap<>(network.parameters().matrices());
    all.putAll(network.statistics().matrices());
    return digest(all);
  }

  /** Returns a digest of names and numbers. */
  static String digest(Map<String, Matrix> matrices) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<String, Matrix> named : new TreeMap<>(matrices).entrySet()) {
        digest.update(named.getKey().getBytes(StandardCharsets.UTF_8));
        for (float[] row : named.getValue().toArray()) {
          digest.update(bytes(row));
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] bytes(float[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Float.BYTES);
    bytes.asFloatBuffer().put(numbers);
    return bytes.array();
  }
}
