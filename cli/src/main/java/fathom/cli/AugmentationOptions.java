package fathom.cli;

import fathom.data.Augmentation;
import fathom.data.Batches;
import fathom.data.Dataset;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** How rows are varied while a network trains on them. */
final class AugmentationOptions {
  private static final List<String> KINDS = List.of("shift", "rotate", "scale", "elastic", "noise");

  @Option(
      names = "--augment",
      paramLabel = "KIND=X,...",
      description =
          "Distort images anew in each epoch: shift=PIXELS, rotate=DEGREES, scale=SHARE,"
              + " elastic=STRENGTH/DEVIATION, noise=DEVIATION, such as"
              + " shift=2,rotate=10,scale=0.1,elastic=36/6.")
  private String augment;

  @Option(
      names = "--mixup",
      paramLabel = "ALPHA",
      description = "Train on mixtures of two rows, with shares drawn from Beta(ALPHA, ALPHA).")
  private Float mixup;

  /** Checks what can be checked before there are data. */
  void check() {
    if (augment != null) {
      Augmentation unused = parse(1 << 10, 1 << 10);
    }
    if (mixup != null && !(mixup > 0 && mixup < Float.POSITIVE_INFINITY)) {
      throw new BadInput("--mixup must be finite and above 0, not " + mixup);
    }
  }

  /**
   * Returns batches with their rows varied.
   *
   * @throws BadInput if rows are no images
   */
  Batches of(Batches batches) {
    Batches varied = batches;
    if (augment != null) {
      Dataset data = batches.rows().dataset();
      if (data.imageWidth() == 0) {
        throw new BadInput("--augment is for images, and the data are rows of numbers");
      }
      varied = varied.augmented(parse(data.imageWidth(), data.imageHeight()));
    }
    return mixup == null ? varied : varied.mixed(mixup);
  }

  private Augmentation parse(int width, int height) {
    Augmentation images = Augmentation.images(width, height);
    Set<String> given = new HashSet<>();
    for (String part : Commas.values("--augment", augment)) {
      String[] words = part.split("=", -1);
      if (words.length != 2 || !KINDS.contains(words[0].strip())) {
        throw new BadInput(
            "--augment: '" + part + "' is none of " + String.join("=X, ", KINDS) + "=X");
      }
      if (!given.add(words[0].strip())) {
        throw new BadInput("--augment names " + words[0].strip() + " twice; leave it out once");
      }
      String[] values = words[1].split("/", -1);
      boolean two = words[0].strip().equals("elastic");
      if (values.length != (two ? 2 : 1)) {
        throw new BadInput(
            "--augment: '" + part + "' needs " + (two ? "STRENGTH/DEVIATION" : "one number"));
      }
      float x = number(part, values[0]);
      try {
        images =
            switch (words[0].strip()) {
              case "shift" -> images.shift(x);
              case "rotate" -> images.rotate(x);
              case "scale" -> images.scale(x);
              case "noise" -> images.noise(x);
              default -> images.elastic(x, number(part, values[1]));
            };
      } catch (IllegalArgumentException e) {
        throw new BadInput("--augment: '" + part + "': " + e.getMessage(), e);
      }
    }
    return images;
  }

  private static float number(String part, String text) {
    try {
      return Float.parseFloat(text);
    } catch (NumberFormatException e) {
      throw new BadInput("--augment: '" + part + "': '" + text + "' is no number", e);
    }
  }

  /** Returns what to add to a line about the learning; empty for nothing. */
  String describe() {
    return (augment == null ? "" : ", augmented by " + augment)
        + (mixup == null ? "" : ", mixup " + mixup);
  }
}
