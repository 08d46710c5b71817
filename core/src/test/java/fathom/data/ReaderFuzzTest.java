package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/**
 * Readers take any bytes: they read them or say in one line why not, and throw nothing else. In a
 * normal run the inputs beside the test's resources are tried; see junit-platform.properties for
 * how to look for more.
 */
class ReaderFuzzTest {
  private static final byte[] LABELS = TestFiles.idx(0x801, new int[] {2}, 1, 0);
  private static final byte[] IMAGES = TestFiles.idx(0x803, new int[] {2, 1, 1}, 7, 9);

  @TempDir static Path folder;

  @FuzzTest(maxDuration = "1m")
  void idx(byte[] bytes) {
    Path file = TestFiles.write(folder.resolve("idx"), bytes);
    Path images = TestFiles.write(folder.resolve("images"), IMAGES);
    Path labels = TestFiles.write(folder.resolve("labels"), LABELS);
    readOrRefuse(() -> Idx.readImages(file));
    readOrRefuse(() -> Idx.read(file, labels));
    readOrRefuse(() -> Idx.read(images, file));
  }

  @FuzzTest(maxDuration = "1m")
  void csv(byte[] bytes) {
    Path file = TestFiles.write(folder.resolve("csv"), bytes);
    readOrRefuse(() -> Csv.read(file));
    for (Task task : Task.values()) {
      readOrRefuse(() -> Csv.read(file, Csv.Options.guess().task(task)));
    }
    readOrRefuse(() -> Csv.read(file, Csv.Options.guess().label("a").header(true)));
  }

  @FuzzTest(maxDuration = "1m")
  void npy(byte[] bytes) {
    Path file = TestFiles.write(folder.resolve("npy"), bytes);
    Path inputs = TestFiles.write(folder.resolve("inputs"), array("(2, 1)"));
    Path labels = TestFiles.write(folder.resolve("ones"), array("(2,)"));
    readOrRefuse(() -> Npy.readInputs(file));
    readOrRefuse(() -> Npy.read(file, labels));
    readOrRefuse(() -> Npy.read(inputs, file));
  }

  private static byte[] array(String shape) {
    String header = "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + "}";
    return TestFiles.npy(1, header, (byte) 1, (byte) 1);
  }

  @FuzzTest(maxDuration = "1m")
  void safetensors(byte[] bytes) {
    Path file = TestFiles.write(folder.resolve("safetensors"), bytes);
    try (Safetensors read = Safetensors.read(file)) {
      long size = 0;
      for (String name : read.names()) {
        size +=
            switch (read.dtype(name)) {
              case F32 -> 4L * read.floats(name).length;
              case F64 -> 8L * read.doubles(name).length;
              case I32 -> 4L * read.longs(name).length;
              case I64 -> 8L * read.longs(name).length;
            };
      }
      assertTrue(size < bytes.length, size + " bytes of data from a file of " + bytes.length);
    } catch (DataException e) {
      assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }
  }

  private interface Reader {
    Dataset read();
  }

  private static void readOrRefuse(Reader reader) {
    try (Dataset data = reader.read()) {
      for (float[] row : data.inputs().toArray()) {
        for (float x : row) {
          assertTrue(Float.isFinite(x), "input " + x);
        }
      }
      for (int i = 0; data.labels() != null && i < data.size(); i++) {
        int label = data.labels().getAtIndex(JAVA_INT, i);
        assertTrue(label >= 0 && label < data.classes(), "label " + label);
      }
      for (int i = 0; data.targets() != null && i < data.size(); i++) {
        assertTrue(Float.isFinite(data.targets().get(i, 0)), "target of row " + i);
      }
    } catch (DataException e) {
      assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }
  }
}
