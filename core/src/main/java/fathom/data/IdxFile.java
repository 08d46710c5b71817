package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/** One IDX file of unsigned bytes, proved to hold what its header promises. */
final class IdxFile implements AutoCloseable {
  static final int IMAGES = 0x00000803;
  static final int LABELS = 0x00000801;
  private static final int CHUNK = 1 << 16;

  private final Path file;
  private final int[] shape;
  private final List<MemorySegment> parts;
  private final Runnable closer;
  private Mapping mapping;
  private boolean handedOver;

  private IdxFile(Path file, int[] shape, List<MemorySegment> parts, Runnable closer) {
    this.file = file;
    this.shape = shape;
    this.parts = parts;
    this.closer = closer;
  }

  /**
   * Reads a file whose magic number is {@link #IMAGES} or {@link #LABELS}.
   *
   * @throws DataException if it is missing, damaged, something else, or not what it promises
   */
  static IdxFile read(Path file, int magic) {
    try (InputStream in = DataFile.open(file)) {
      int[] shape = readShape(file, in, magic);
      return in instanceof GZIPInputStream || !Files.isRegularFile(file)
          ? copy(file, in, shape)
          : map(file, shape);
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }

  private static IdxFile copy(Path file, InputStream in, int[] shape) throws IOException {
    Blocks content = new Blocks();
    try {
      readContent(file, in, shape, content);
      return new IdxFile(file, shape, content.parts(), content::close);
    } catch (Throwable t) {
      content.close();
      throw t;
    }
  }

  /** Maps a file that is not compressed. */
  private static IdxFile map(Path file, int[] shape) throws IOException {
    long header = Integer.BYTES * (1L + shape.length);
    long promised = promised(shape);
    requireSize(file, shape, promised, Files.size(file) - header);
    Mapping memory = new Mapping();
    try {
      MemorySegment bytes = MappedRows.map(file, header, promised, memory.arena());
      IdxFile mapped = new IdxFile(file, shape, List.of(bytes), memory::close);
      mapped.mapping = memory;
      return mapped;
    } catch (Throwable t) {
      memory.close();
      throw t;
    }
  }

  /** Returns the mapping, which the caller closes from now on; null if this is not mapped. */
  Mapping handOver() {
    Mapping memory = mapping;
    mapping = null;
    handedOver = memory != null;
    return memory;
  }

  Path file() {
    return file;
  }

  /** Returns the number of images or labels. */
  int count() {
    return shape[0];
  }

  /** Returns the height of each image. */
  int height() {
    return shape[1];
  }

  /** Returns the width of each image. */
  int width() {
    return shape[2];
  }

  /** Returns the bytes in order. */
  List<MemorySegment> parts() {
    return parts;
  }

  /** Returns the largest byte. */
  int largest() {
    int largest = 0;
    for (MemorySegment part : parts) {
      long n = part.byteSize();
      for (long i = 0; i < n; i++) {
        largest = Math.max(largest, part.get(JAVA_BYTE, i) & 0xFF);
      }
    }
    return largest;
  }

  /** Checks that these are labels in [0, classes), one for each image. */
  void requireLabelsOf(IdxFile images, int classes) {
    if (count() != images.count()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s holds %d labels, but %s holds %d images; name two files of one set",
              file,
              count(),
              images.file,
              images.count()));
    }
    long index = 0;
    for (MemorySegment part : parts) {
      long n = part.byteSize();
      for (long i = 0; i < n; i++, index++) {
        int label = part.get(JAVA_BYTE, i) & 0xFF;
        if (label >= classes) {
          throw new DataException(
              String.format(
                  Locale.ROOT,
                  "%s: label %d is %d, expected 0 to %d; raise the number of classes, or check the"
                      + " file",
                  file,
                  index,
                  label,
                  classes - 1));
        }
      }
    }
  }

  /** Checks that these images are as large as others. */
  void requireSizeOf(IdxFile others) {
    if (width() != others.width() || height() != others.height()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s holds images of %dx%d, but %s of %dx%d; name files of one set",
              file,
              width(),
              height(),
              others.file,
              others.width(),
              others.height()));
    }
  }

  @Override
  public void close() {
    if (!handedOver) {
      closer.run();
    }
  }

  private static int[] readShape(Path file, InputStream in, int expected) throws IOException {
    int magic = readInt(file, in);
    if (magic != expected) {
      String remedy =
          magic == IMAGES || magic == LABELS
              ? "name the image file first, the label file second"
              : "name an IDX file of unsigned bytes, such as MNIST's";
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: starts with 0x%08x, expected 0x%08x; %s",
              file,
              magic,
              expected,
              remedy));
    }
    int[] shape = new int[magic & 0xFF];
    for (int d = 0; d < shape.length; d++) {
      shape[d] = readInt(file, in);
      if (shape[d] <= 0) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: dimension %d is %d, expected 1 to %d; the file is empty or damaged",
                file,
                d + 1,
                Integer.toUnsignedLong(shape[d]),
                Integer.MAX_VALUE));
      }
    }
    if (shape.length == 3 && (long) shape[1] * shape[2] > Integer.MAX_VALUE) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: images of %dx%d pixels, expected at most 2^31 - 1 in all; the file is damaged",
              file,
              shape[2],
              shape[1]));
    }
    return shape;
  }

  private static int readInt(Path file, InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(Integer.BYTES);
    if (bytes.length < Integer.BYTES) {
      throw new DataException(
          file + ": ends within its header; copy or download it again, or name an IDX file");
    }
    return ByteBuffer.wrap(bytes).getInt();
  }

  private static void readContent(Path file, InputStream in, int[] shape, Blocks content)
      throws IOException {
    long promised = promised(shape);
    byte[] chunk = new byte[CHUNK];
    MemorySegment source = MemorySegment.ofArray(chunk);
    while (content.size() <= promised) {
      int n = in.read(chunk, 0, (int) Math.min(CHUNK, promised + 1 - content.size()));
      if (n < 0) {
        break;
      }
      content.append(source, n);
    }
    requireSize(file, shape, promised, content.size());
  }

  private static long promised(int[] shape) {
    // At most (2^31)^2 with the product of the last two dimensions bounded: no overflow.
    long promised = 1;
    for (int length : shape) {
      promised *= length;
    }
    return promised;
  }

  private static void requireSize(Path file, int[] shape, long promised, long found) {
    if (found == promised) {
      return;
    }
    String dimensions =
        Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(" x "));
    String what = found > promised ? "more than that follow" : "only " + found + " follow";
    throw new DataException(
        String.format(
            Locale.ROOT,
            "%s: the header promises %s = %d bytes, %s; copy or download the file again",
            file,
            dimensions,
            promised,
            what));
  }
}
