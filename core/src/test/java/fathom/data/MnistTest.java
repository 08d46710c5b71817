package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.SharedFolder;
import fathom.matrix.Matrix;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The full MNIST set, where it is at hand: what was read is turned back into the files' bytes. */
class MnistTest {
  @Test
  void holdsThePublishedBytes() throws NoSuchAlgorithmException {
    try (Idx.Sets sets = Idx.readDirectory(SharedFolder.require("data/mnist"))) {
      Dataset train = sets.train();
      Dataset test = sets.test().orElseThrow();
      assertEquals(60_000, train.size());
      assertEquals(10_000, test.size());
      assertEquals(784, train.features());
      assertEquals(10, test.classes());
      assertArrayEquals(
          new int[] {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009},
          test.rows().classCounts());
      assertEquals("2646ac647ad5339dbf082846283269ea", imagesHash(test));
      assertEquals("a25bea736e30d166cdddb491f175f624", labelsHash(train));
    }
  }

  private static String imagesHash(Dataset data) throws NoSuchAlgorithmException {
    Matrix x = data.inputs();
    ByteBuffer file = ByteBuffer.allocate(16 + x.rows() * x.cols());
    file.putInt(0x803).putInt(x.rows()).putInt(data.imageHeight()).putInt(data.imageWidth());
    for (int r = 0; r < x.rows(); r++) {
      for (int c = 0; c < x.cols(); c++) {
        file.put((byte) Math.round(x.get(r, c) * 255));
      }
    }
    return hash(file);
  }

  private static String labelsHash(Dataset data) throws NoSuchAlgorithmException {
    ByteBuffer file = ByteBuffer.allocate(8 + data.size());
    file.putInt(0x801).putInt(data.size());
    for (int label : data.labels().toArray(JAVA_INT)) {
      file.put((byte) label);
    }
    return hash(file);
  }

  private static String hash(ByteBuffer file) throws NoSuchAlgorithmException {
    MessageDigest md5 = MessageDigest.getInstance("MD5");
    md5.update(file.flip());
    return HexFormat.of().formatHex(md5.digest());
  }
}
