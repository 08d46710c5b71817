package fathom.data;

import static fathom.data.TestFiles.assertBad;
import static fathom.data.TestFiles.gzip;
import static fathom.data.TestFiles.idx;
import static fathom.data.TestFiles.write;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
  private static final int IMAGES = 0x803;
  private static final int LABELS = 0x801;
  private static final byte[] THREE_IMAGES =
      idx(IMAGES, new int[] {3, 2, 1}, 0, 255, 1, 2, 128, 51);
  private static final byte[] THREE_LABELS = idx(LABELS, new int[] {3}, 2, 0, 3);

  @TempDir Path folder;
  private Path images;
  private Path labels;

  @BeforeEach
  void writeFiles() {
    images = write(folder.resolve("images"), THREE_IMAGES);
    labels = write(folder.resolve("labels"), THREE_LABELS);
  }

  @Test
  void readsPlainAndCompressedAlike() {
    Path zippedImages = write(folder.resolve("images.gz"), gzip(THREE_IMAGES));
    Path zippedLabels = write(folder.resolve("any-name"), gzip(THREE_LABELS));
    for (Path x : List.of(images, zippedImages)) {
      for (Path y : List.of(labels, zippedLabels)) {
        try (Dataset data = Idx.read(x, y)) {
          float k = 1 / 255f;
          float[][] expected = {{0, 1}, {k, 2 * k}, {128 * k, 51 * k}};
          assertArrayEquals(expected, data.inputs().toArray());
          assertArrayEquals(new int[] {2, 0, 3}, data.labels().toArray(JAVA_INT));
          assertEquals(4, data.classes());
          assertEquals(List.of("0", "1", "2", "3"), data.classNames());
          assertEquals(1, data.imageWidth());
          assertEquals(2, data.imageHeight());
          assertEquals(Scaling.pixels(2, 255), data.scaling());
          assertTrue(data.about().contains("3 images of 1x2 in 4 classes"), data.about());
        }
      }
    }
  }

  @Test
  void readsImagesAlone() {
    try (Dataset data = Idx.readImages(images)) {
      assertEquals(Task.UNLABELLED, data.task());
      assertEquals(3, data.size());
    }
  }

  @Test
  void takesTheNumberOfClasses() {
    try (Dataset data = Idx.read(images, labels, 10)) {
      assertEquals(10, data.classes());
    }
    assertBad(() -> Idx.read(images, labels, 3), "labels: label 2 is 3", "0 to 2");
  }

  @Test
  void saysWhatIsWrong() {
    assertBad(() -> Idx.read(folder.resolve("none"), labels), "none: no such file");
    assertBad(() -> Idx.read(folder, labels), "is a directory");
    assertBad(() -> Idx.read(labels, images), "0x00000801", "expected 0x00000803", "image file f");
    Path text = write(folder.resolve("text.csv"), new byte[] {'1', ',', '2', '\n', '3'});
    assertBad(() -> Idx.read(text, labels), "0x312c320a", "IDX file");
    Path empty = write(folder.resolve("empty"), new byte[0]);
    assertBad(() -> Idx.read(empty, labels), "ends within its header");
    Path two = write(folder.resolve("two"), idx(LABELS, new int[] {2}, 1, 1));
    assertBad(() -> Idx.read(images, two), "2 labels", "3 images");
  }

  /** No header makes the reader allocate more than the file holds: these would need terabytes. */
  @Test
  void lyingHeadersFailBeforeTheyCost() {
    int[][] shapes = {
      {4, 2, 1},
      {2, 2, 1},
      {Integer.MAX_VALUE, 2, 1},
      {Integer.MAX_VALUE, 28, 28},
      {Integer.MAX_VALUE, 1, Integer.MAX_VALUE},
      {0, 2, 1},
      {3, 0, 1},
      {3, 2, -1},
      {1, 0x10000, 0x10000},
      {-1, -1, -1}
    };
    for (int[] shape : shapes) {
      byte[] bytes = idx(IMAGES, shape, 0, 255, 1, 2, 128, 51);
      for (byte[] content : List.of(bytes, gzip(bytes))) {
        Path lying = write(folder.resolve("lying"), content);
        assertBad(() -> Idx.readImages(lying), "lying: ");
      }
    }
    Path more = write(folder.resolve("more"), idx(IMAGES, new int[] {4, 2, 1}, 0, 0, 0, 0, 0, 0));
    assertBad(() -> Idx.readImages(more), "4 x 2 x 1 = 8 bytes", "only 6 follow");
    Path less = write(folder.resolve("less"), idx(IMAGES, new int[] {2, 2, 1}, 0, 0, 0, 0, 0, 0));
    assertBad(() -> Idx.readImages(less), "2 x 2 x 1 = 4 bytes", "more than that follow");
  }

  @Test
  void everyTruncationFails() {
    for (byte[] whole : List.of(THREE_IMAGES, gzip(THREE_IMAGES))) {
      for (int length = 0; length < whole.length; length++) {
        Path cut = write(folder.resolve("cut"), Arrays.copyOf(whole, length));
        assertBad(() -> Idx.read(cut, labels), "cut: ");
      }
    }
    for (byte[] whole : List.of(THREE_LABELS, gzip(THREE_LABELS))) {
      for (int length = 0; length < whole.length; length++) {
        Path cut = write(folder.resolve("cut"), Arrays.copyOf(whole, length));
        assertBad(() -> Idx.read(images, cut), "cut: ");
      }
    }
  }

  /** A flipped bit in compressed data is found by its checksum, or lies where gzip ignores it. */
  @Test
  void everyFlippedBitOfCompressedDataFailsOrChangesNothing() {
    byte[] whole = gzip(THREE_IMAGES);
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Path file = write(folder.resolve("flipped"), flipped);
      try (Dataset data = Idx.readImages(file);
          Dataset expected = Idx.readImages(images)) {
        assertArrayEquals(expected.inputs().toArray(), data.inputs().toArray(), "bit " + bit);
      } catch (DataException e) {
        assertTrue(e.getMessage().contains("flipped: "), e.getMessage());
      }
    }
  }

  @Test
  void readsADirectory() {
    assertBad(() -> Idx.readDirectory(folder), "train-images-idx3-ubyte");
    assertBad(() -> Idx.readDirectory(images), "no such directory");
    write(folder.resolve("train-images.idx3-ubyte"), THREE_IMAGES);
    assertBad(() -> Idx.readDirectory(folder), "no train-labels-idx1-ubyte");
    write(folder.resolve("train-labels-idx1-ubyte.gz"), gzip(THREE_LABELS));
    try (Idx.Sets sets = Idx.readDirectory(folder)) {
      assertEquals(3, sets.train().size());
      assertFalse(sets.test().isPresent());
    }
    write(folder.resolve("t10k-images-idx3-ubyte"), idx(IMAGES, new int[] {1, 2, 1}, 9, 9));
    assertBad(() -> Idx.readDirectory(folder), "no t10k-labels-idx1-ubyte");
    write(folder.resolve("t10k-labels-idx1-ubyte"), idx(LABELS, new int[] {1}, 9));
    Idx.Sets sets = Idx.readDirectory(folder);
    Dataset test = sets.test().orElseThrow();
    assertEquals(10, test.classes());
    assertEquals(10, sets.train().classes());
    sets.close();
    assertThrows(IllegalStateException.class, test::inputs);
    write(folder.resolve("t10k-images-idx3-ubyte"), idx(IMAGES, new int[] {1, 1, 1}, 9));
    assertBad(() -> Idx.readDirectory(folder), "images of 1x1", "of 1x2");
  }
}
