package fathom.data;

import fathom.matrix.Matrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.DoublePredicate;

/**
 * A safetensors file: eight bytes of header length, a JSON header, then named tensors,
 * little-endian and row-major. {@link #read} proves the whole header before anything that it
 * promises is allocated, and is stricter than the format's own reader: no duplicate names, no
 * unknown fields, and no dtypes but {@link Dtype}. Tensors are read from the open file when they
 * are asked for.
 *
 * <p>{@link #write} replaces a file as a whole or not at all.
 *
 * <p>For one thread at a time; use after {@link #close} throws {@link IllegalStateException}.
 */
public final class Safetensors implements AutoCloseable {
  /** The largest header that is read unless more is asked for: 64 MiB, some 600,000 tensors. */
  public static final int HEADER_LIMIT = 1 << 26;

  /** The largest number of tensors that is read unless more is asked for. */
  public static final int TENSOR_LIMIT = 1 << 20;

  /** The largest header that the format allows. */
  static final int FORMAT_HEADER_LIMIT = 100_000_000;

  private static final int PIECE = 1 << 16;

  private final Path file;
  private final FileChannel channel;
  private final SafetensorsHeader header;

  /** The types of numbers that are read. */
  public enum Dtype {
    /** Single precision. */
    F32(Float.BYTES),
    /** Double precision. */
    F64(Double.BYTES),
    /** 32-bit signed integers. */
    I32(Integer.BYTES),
    /** 64-bit signed integers. */
    I64(Long.BYTES);

    private final int bytes;

    Dtype(int bytes) {
      this.bytes = bytes;
    }

    /** Returns the size of one number. */
    public int bytes() {
      return bytes;
    }
  }

  /**
   * A tensor to be written, as F32.
   *
   * @param shape its dimensions, whose product is the number of elements of the matrix
   * @param values its numbers, row by row
   */
  public record Tensor(List<Long> shape, Matrix values) {
    /** Checks that shape and matrix agree. */
    public Tensor {
      shape = List.copyOf(shape);
      long elements = (long) values.rows() * values.cols();
      boolean negative = shape.stream().anyMatch(length -> length < 0);
      if (negative || SafetensorsHeader.bytes(Dtype.F32, shape) != elements * Float.BYTES) {
        throw new IllegalArgumentException("a matrix of " + values + " is no tensor of " + shape);
      }
    }

    /** Returns a tensor of two dimensions. */
    public static Tensor of(Matrix values) {
      return new Tensor(List.of((long) values.rows(), (long) values.cols()), values);
    }

    /** Returns a tensor of one dimension, from a matrix of one row or one column. */
    public static Tensor vector(Matrix values) {
      if (values.rows() != 1 && values.cols() != 1) {
        throw new IllegalArgumentException("a matrix of " + values + " is no vector");
      }
      return new Tensor(List.of((long) values.rows() * values.cols()), values);
    }
  }

  private Safetensors(Path file, FileChannel channel, SafetensorsHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and proves its header.
   *
   * @throws DataException if the file is missing or not sound
   */
  public static Safetensors read(Path file) {
    return read(file, HEADER_LIMIT, TENSOR_LIMIT);
  }

  /**
   * Opens a file and proves its header, within other limits.
   *
   * @param headerLimit the largest header, in bytes; the format allows 100,000,000
   * @param tensorLimit the largest number of tensors
   * @throws DataException if the file is missing or not sound
   */
  public static Safetensors read(Path file, int headerLimit, int tensorLimit) {
    if (Files.isDirectory(file)) {
      throw new DataException(file + ": is a directory, a file is expected");
    }
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        int limit = Math.min(headerLimit, FORMAT_HEADER_LIMIT);
        return new Safetensors(
            file, channel, SafetensorsHeader.read(file.toString(), channel, limit, tensorLimit));
      } catch (Throwable t) {
        channel.close();
        throw t;
      }
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }

  /** Returns the metadata in the order of the header. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /** Returns the names of all tensors in the order of the header. */
  public Set<String> names() {
    return Collections.unmodifiableSet(header.entries().keySet());
  }

  /**
   * Returns the dimensions of a tensor.
   *
   * @throws DataException if there is none of that name
   */
  public List<Long> shape(String name) {
    return entry(name).shape();
  }

  /**
   * Returns the type of a tensor's numbers.
   *
   * @throws DataException if there is none of that name
   */
  public Dtype dtype(String name) {
    return entry(name).dtype();
  }

  /**
   * Requires that {@link #copyTo} would take a tensor into a matrix: an F32 tensor of its shape, r
   * x c for [r, c], n x 1 or 1 x n for [n].
   *
   * @throws DataException if there is none of that name, or its type or shape differs
   */
  public void requireFit(String name, Matrix target) {
    List<Long> shape = entry(name, Dtype.F32).shape();
    long rows = target.rows();
    long cols = target.cols();
    boolean vector = shape.size() == 1 && (rows == 1 || cols == 1) && shape.get(0) == rows * cols;
    if (!vector && !shape.equals(List.of(rows, cols))) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s has shape %s, which does not fit a matrix of %s; check that the file"
                  + " is of this model",
              file,
              Spelling.quote(name),
              shape,
              target));
    }
  }

  /**
   * Copies an F32 tensor into a matrix that has its shape.
   *
   * @throws DataException as {@link #requireFit}, or if the file was cut since it was opened
   */
  public void copyTo(String name, Matrix target) {
    requireFit(name, target);
    SafetensorsHeader.Entry entry = entry(name);
    long cols = target.cols();
    long place = header.dataStart() + entry.begin();
    if (target.stride() == target.cols()) {
      read(place, target.segment(), target.byteOffset(0, 0), target.rows() * cols * Float.BYTES);
      return;
    }
    for (int r = 0; r < target.rows(); r++) {
      long bytes = cols * Float.BYTES;
      read(place + r * bytes, target.segment(), target.byteOffset(r, 0), bytes);
    }
  }

  /**
   * Reads an F32 tensor in pieces and returns the place of the first number that meets a condition,
   * counted row by row from 0, or -1 if none does.
   *
   * @throws DataException if there is none of that name, its type differs, or the file was cut
   */
  public long find(String name, DoublePredicate condition) {
    SafetensorsHeader.Entry entry = entry(name, Dtype.F32);
    byte[] piece = new byte[(int) Math.min(PIECE, entry.end() - entry.begin())];
    MemorySegment memory = MemorySegment.ofArray(piece);
    ByteBuffer numbers = ByteBuffer.wrap(piece).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = entry.begin(); at < entry.end(); at += piece.length) {
      int bytes = (int) Math.min(piece.length, entry.end() - at);
      read(header.dataStart() + at, memory, 0, bytes);
      for (int i = 0; i < bytes; i += Float.BYTES) {
        if (condition.test(numbers.getFloat(i))) {
          return (at - entry.begin() + i) / Float.BYTES;
        }
      }
    }
    return -1;
  }

  /**
   * Returns a copy of an F32 tensor, row by row.
   *
   * @throws DataException as {@link #copyTo}, or if no array holds so many numbers
   */
  public float[] floats(String name) {
    float[] values = new float[entry(name, Dtype.F32).arrayLength(file, name)];
    bytes(name).asFloatBuffer().get(values);
    return values;
  }

  /**
   * Returns a copy of an F64 or F32 tensor, row by row.
   *
   * @throws DataException as {@link #floats}
   */
  public double[] doubles(String name) {
    SafetensorsHeader.Entry entry = entry(name, Dtype.F64, Dtype.F32);
    double[] values = new double[entry.arrayLength(file, name)];
    ByteBuffer bytes = bytes(name);
    for (int i = 0; i < values.length; i++) {
      values[i] = entry.dtype() == Dtype.F64 ? bytes.getDouble() : bytes.getFloat();
    }
    return values;
  }

  /**
   * Returns a copy of an I64 or I32 tensor, row by row.
   *
   * @throws DataException as {@link #floats}
   */
  public long[] longs(String name) {
    SafetensorsHeader.Entry entry = entry(name, Dtype.I64, Dtype.I32);
    long[] values = new long[entry.arrayLength(file, name)];
    ByteBuffer bytes = bytes(name);
    for (int i = 0; i < values.length; i++) {
      values[i] = entry.dtype() == Dtype.I64 ? bytes.getLong() : bytes.getInt();
    }
    return values;
  }

  /** Closes the file; a second call does nothing. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }

  /**
   * Writes tensors in the order of the map. The content goes to a temporary file beside the old
   * one, is synced, and takes its name; on failure the old file is untouched and the temporary
   * deleted. Nothing is copied on the way, however large.
   *
   * @throws IllegalArgumentException if a name is reserved or no valid text, or the header would
   *     pass the 100,000,000 bytes of the format
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void write(Path file, Map<String, String> metadata, Map<String, Tensor> tensors) {
    SafetensorsWriter.write(file, metadata, tensors);
  }

  private SafetensorsHeader.Entry entry(String name, Dtype... readable) {
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      String nearest = Spelling.nearest(name, names());
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: holds no tensor %s; %s",
              file,
              Spelling.quote(name),
              nearest == null ? "it is empty" : "the nearest is " + Spelling.quote(nearest)));
    }
    if (readable.length > 0 && !Arrays.asList(readable).contains(entry.dtype())) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s is %s, expected %s; check that the file is of this model",
              file,
              Spelling.quote(name),
              entry.dtype(),
              Arrays.toString(readable)));
    }
    return entry;
  }

  private ByteBuffer bytes(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    byte[] bytes = new byte[(int) (entry.end() - entry.begin())];
    read(header.dataStart() + entry.begin(), MemorySegment.ofArray(bytes), 0, bytes.length);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void read(long from, MemorySegment to, long offset, long bytes) {
    try {
      Pieces.forEach(
          to,
          offset,
          bytes,
          Pieces.LARGEST,
          (piece, done) ->
              SafetensorsHeader.readFully(file.toString(), channel, piece, from + done));
    } catch (ClosedChannelException e) {
      throw new IllegalStateException(file + " is closed", e);
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }
}
