package fathom.data;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One array in a file of NumPy's, mapped, and proved to be as long as its header promises. */
final class NpyFile {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 1 << 20;
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)\\b");
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*('[^']*'|\\[)");
  private static final Pattern SHAPE =
      Pattern.compile("'shape'\\s*:\\s*\\(((?:\\s*\\d{1,18}\\s*,)*\\s*(?:\\d{1,18}\\s*)?)\\)");
  private static final Map<String, MappedRows.Type> TYPES =
      Map.of(
          "|u1", MappedRows.Type.U1,
          "<f4", MappedRows.Type.F4,
          "<f8", MappedRows.Type.F8,
          "<i8", MappedRows.Type.I8);

  private final Path file;
  private final long[] shape;
  private final MappedRows rows;

  private NpyFile(Path file, long[] shape, MappedRows rows) {
    this.file = file;
    this.shape = shape;
    this.rows = rows;
  }

  /**
   * Maps a file for as long as an arena lives.
   *
   * @throws DataException if it is missing, damaged, something else, or not what it promises
   */
  static NpyFile open(Path file, Arena arena) {
    try (InputStream in = DataFile.open(file)) {
      int version = version(file, in);
      int length = headerLength(file, in, version);
      byte[] bytes = in.readNBytes(length);
      if (bytes.length < length) {
        throw cut(file);
      }
      String header =
          new String(bytes, version < 3 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
      MappedRows.Type type = type(file, header);
      long[] shape = shape(file, header);
      long start = MAGIC.length + 2L + (version == 1 ? 2 : 4) + length;
      long promised = promised(file, shape, type);
      long found = Files.size(file) - start;
      if (found != promised) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: the header promises %s numbers of %d bytes = %d bytes, %d follow; copy or"
                    + " save the file again",
                file,
                Arrays.toString(shape),
                type.bytes,
                promised,
                found));
      }
      MemorySegment numbers = MappedRows.map(file, start, promised, arena);
      int cols = Math.toIntExact(promised / type.bytes / shape[0]);
      return new NpyFile(file, shape, new MappedRows(numbers, type, (int) shape[0], cols));
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }

  Path file() {
    return file;
  }

  long[] shape() {
    return shape;
  }

  /** Returns the numbers, as rows along the first axis. */
  MappedRows rows() {
    return rows;
  }

  boolean isWhole() {
    return rows.type() == MappedRows.Type.U1 || rows.type() == MappedRows.Type.I8;
  }

  /** Returns an exception that tells the shape. */
  DataException wrong(String expected) {
    return new DataException(
        file + ": holds an array of " + Arrays.toString(shape) + ", " + expected);
  }

  /** Checks that all numbers are finite in single precision. */
  void requireFinite() {
    if (isWhole()) {
      return;
    }
    long n = (long) rows.rows() * rows.cols();
    for (long i = 0; i < n; i++) {
      if (!Float.isFinite((float) rows.value(i))) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: number %d of row %d is %s, expected a finite number of single precision;"
                    + " replace it or remove the row",
                file,
                i % rows.cols(),
                i / rows.cols(),
                rows.value(i)));
      }
    }
  }

  private static int version(Path file, InputStream in) throws IOException {
    byte[] start = in.readNBytes(MAGIC.length + 2);
    int known = Math.min(start.length, MAGIC.length);
    if (known == 0 || !Arrays.equals(start, 0, known, MAGIC, 0, known)) {
      throw new DataException(
          file + ": is no .npy file, which starts with \\x93NUMPY; save it by numpy.save");
    }
    if (start.length < MAGIC.length + 2) {
      throw cut(file);
    }
    int version = start[MAGIC.length];
    if (version < 1 || version > 3) {
      throw new DataException(
          file + ": has format " + version + ", expected 1 to 3; save it again by numpy.save");
    }
    return version;
  }

  private static int headerLength(Path file, InputStream in, int version) throws IOException {
    byte[] bytes = in.readNBytes(version == 1 ? Short.BYTES : Integer.BYTES);
    if (bytes.length < (version == 1 ? Short.BYTES : Integer.BYTES)) {
      throw cut(file);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long length =
        version == 1
            ? Short.toUnsignedInt(buffer.getShort())
            : Integer.toUnsignedLong(buffer.getInt());
    if (length > LONGEST_HEADER) {
      throw new DataException(
          file + ": promises a header of " + length + " bytes; the file is damaged, save it again");
    }
    return (int) length;
  }

  private static DataException cut(Path file) {
    return new DataException(file + ": ends within its header; copy or save it again");
  }

  private static MappedRows.Type type(Path file, String header) {
    if (find(file, header, ORDER).equals("True")) {
      throw new DataException(
          file + ": is in Fortran order; save it by numpy.save(file, numpy.ascontiguousarray(x))");
    }
    String name = find(file, header, TYPE);
    MappedRows.Type type =
        TYPES.get(name.equals("[") ? name : name.substring(1, name.length() - 1));
    if (type == null) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: has numbers of type %s, expected '<f4', '<f8', '|u1' or '<i8'; convert them by"
                  + " x.astype('<f4')",
              file,
              name.equals("[") ? "record" : Spelling.quote(name.substring(1, name.length() - 1))));
    }
    return type;
  }

  private static long[] shape(Path file, String header) {
    String text = find(file, header, SHAPE).strip();
    if (text.isEmpty()) {
      throw new DataException(file + ": holds a single number, expected an array of rows");
    }
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(length -> !length.isEmpty())
        .mapToLong(Long::parseLong)
        .toArray();
  }

  private static String find(Path file, String header, Pattern pattern) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: the header %s gives no %s; the file is damaged, save it again",
              file,
              Spelling.quote(header.strip()),
              pattern == ORDER ? "order" : pattern == TYPE ? "type" : "shape"));
    }
    return matcher.group(1);
  }

  private static long promised(Path file, long[] shape, MappedRows.Type type) {
    try {
      long cols = 1;
      for (int axis = 1; axis < shape.length; axis++) {
        cols = Math.multiplyExact(cols, shape[axis]);
      }
      if (shape[0] < 1 || cols < 1 || Math.max(shape[0], cols) > Integer.MAX_VALUE) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: holds an array of %s, expected 1 to 2^31 - 1 rows of 1 to 2^31 - 1 numbers",
                file,
                Arrays.toString(shape)));
      }
      return Math.multiplyExact(shape[0] * cols, type.bytes);
    } catch (ArithmeticException e) {
      throw new DataException(
          file + ": the header promises more than 2^63 bytes; the file is damaged, save it again",
          e);
    }
  }
}
