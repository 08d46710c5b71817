package fathom.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Small data that can be learnt in a blink. */
final class Samples {
  static final List<String> TREES = List.of("ash", "elm", "oak");

  private Samples() {}

  /** Writes a table of three kinds of tree, told by four numbers around three centres. */
  static Path trees(Path folder, String name, int rows) {
    Random random = new Random(name.hashCode());
    List<String> lines = new ArrayList<>();
    lines.add("height,girth,leaf,bark,kind");
    for (int i = 0; i < rows; i++) {
      int kind = i % 3;
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < 4; c++) {
        double centre = 100 * (c + 1) + 10 * ((kind + c) % 3);
        line.append(String.format(Locale.ROOT, "%.3f,", centre + 2 * random.nextGaussian()));
      }
      lines.add(line.append(TREES.get(kind)).toString());
    }
    return write(folder.resolve(name), String.join("\n", lines) + "\n");
  }

  /** Writes a table of prices that are linear in two numbers, around 5000. */
  static Path prices(Path folder, String name, int rows) {
    Random random = new Random(name.hashCode());
    StringBuilder text = new StringBuilder("area,age,price\n");
    for (int i = 0; i < rows; i++) {
      double area = 50 + 100 * random.nextDouble();
      double age = 40 * random.nextDouble();
      double price = 30 * area - 20 * age + 2400 + 10 * random.nextGaussian();
      text.append(String.format(Locale.ROOT, "%.2f,%.2f,%.2f%n", area, age, price));
    }
    return write(folder.resolve(name), text.toString());
  }

  /** Writes IDX files of images of 4 x 4 pixels, of which class c has row c bright. */
  static Path images(Path folder, int train, int test, int classes) {
    try {
      Files.createDirectories(folder);
      for (String set : List.of("train", "t10k")) {
        int count = set.equals("train") ? train : test;
        Random random = new Random(set.hashCode());
        ByteBuffer images = ByteBuffer.allocate(16 + 16 * count);
        images.putInt(0x803).putInt(count).putInt(4).putInt(4);
        ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
          int label = i % classes;
          labels.put((byte) label);
          for (int p = 0; p < 16; p++) {
            boolean bright = p / 4 == label % 4 && p % 4 >= label / 4;
            images.put((byte) (random.nextInt(100) + (bright ? 150 : 0)));
          }
        }
        Files.write(folder.resolve(set + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(set + "-labels-idx1-ubyte"), labels.array());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  static Path write(Path file, String text) {
    return write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> lines(Path file) {
    return new String(read(file), StandardCharsets.UTF_8).lines().toList();
  }

  /** Returns what lies in a folder, sorted. */
  static List<String> list(Path folder) {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
