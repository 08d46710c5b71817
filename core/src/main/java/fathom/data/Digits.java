package fathom.data;

import java.io.IOException;
import java.io.InputStream;

/**
 * Handwritten digits, shipped with Fathom: the test part of "Optical Recognition of Handwritten
 * Digits" (Alpaydin and Kaynak, UCI Machine Learning Repository, CC BY 4.0), 1,797 images of 8 x 8
 * pixels in ten classes.
 */
public final class Digits {
  private static final String RESOURCE = "digits.csv.gz";
  private static final int WIDTH = 8;
  private static final int DARKEST = 16;

  private Digits() {}

  /** Loads all rows, pixels scaled by 1/16. */
  public static Dataset load() {
    try (InputStream raw = Digits.class.getResourceAsStream(RESOURCE)) {
      if (raw == null) {
        throw new DataException(RESOURCE + ": is missing from Fathom's jar; build it again");
      }
      try (InputStream in = DataFile.unzipped(raw)) {
        Csv.Options options = Csv.Options.guess().task(Task.CLASSIFICATION).header(false);
        Dataset data = Csv.read(RESOURCE, in, options);
        return data.scale(Scaling.pixels(data.features(), DARKEST))
            .imageSize(WIDTH, WIDTH)
            .about("UCI handwritten digits: 1797 images of 8x8 in 10 classes");
      }
    } catch (IOException e) {
      throw DataFile.unreadable(RESOURCE, e);
    }
  }
}
