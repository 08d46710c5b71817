package fathom.lab;

import fathom.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A file that findings stream to, a line each: JSON lines, or CSV if its name ends so. Each line is
 * handed to the system as a whole when its cell ends, so that a process that is killed at any
 * moment leaves whole lines and at most one torn one at the end; {@link #resume} cuts that off.
 *
 * <p>Safe for many threads.
 */
public final class FindingFile implements AutoCloseable {
  private final FindingFormat format;
  private final String setup;
  private final FileChannel channel;
  private final List<Finding> found;

  private FindingFile(
      FindingFormat format, String setup, FileChannel channel, List<Finding> found) {
    this.format = format;
    this.setup = setup;
    this.channel = channel;
    this.found = found;
  }

  /**
   * Starts a file.
   *
   * @param setup what all findings in it have in common: data, steps, and so on, on one line
   * @throws DataException if there is one that is not empty
   * @throws UncheckedIOException if it cannot be written
   */
  public static FindingFile create(Path path, String setup) {
    try {
      if (Files.exists(path) && Files.size(path) > 0) {
        throw new DataException(
            path + ": is there already; go on with it (--resume), or name another file");
      }
      FindingFormat format = format(path);
      FindingFile file = new FindingFile(format, setup, open(path), List.of());
      file.write(format.head());
      return file;
    } catch (IOException e) {
      throw failed(path, "cannot be written", e);
    }
  }

  /**
   * Goes on with a file that a sweep was stopped in, or starts it if it is not there. A torn line
   * at its end is cut off.
   *
   * @throws DataException if it holds anything but findings of this setup
   * @throws UncheckedIOException if it cannot be read or written
   */
  public static FindingFile resume(Path path, String setup) {
    try {
      if (!Files.exists(path)) {
        return create(path, setup);
      }
      byte[] bytes = Files.readAllBytes(path);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      String text = new String(bytes, 0, end, StandardCharsets.UTF_8);
      FindingFormat format = format(path);
      FindingFile file =
          new FindingFile(format, setup, open(path), read(path, format, setup, text));
      file.channel.truncate(end);
      file.channel.position(end);
      if (end == 0) {
        file.write(format.head());
      }
      return file;
    } catch (IOException e) {
      throw failed(path, "cannot be read or written", e);
    }
  }

  /**
   * Reads all findings of a file, whatever their setup; a torn line at its end is left out.
   *
   * @throws DataException if it holds anything else
   * @throws UncheckedIOException if it cannot be read
   */
  public static List<Finding> read(Path path) {
    try {
      String text = Files.readString(path);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      return read(path, format(path), null, whole);
    } catch (IOException e) {
      throw failed(path, "cannot be read", e);
    }
  }

  private static List<Finding> read(Path path, FindingFormat format, String setup, String text) {
    List<Finding> found = new ArrayList<>();
    List<String> lines = text.lines().toList();
    String head = format.head().strip();
    for (int i = 0; i < lines.size(); i++) {
      if (i == 0 && !head.isEmpty() && lines.get(0).equals(head)) {
        continue;
      }
      try {
        Map<String, Object> values = format.read(lines.get(i));
        Object its = values.remove(FindingFormat.SETUP);
        if (its == null || !values.keySet().equals(Finding.fields().keySet())) {
          throw new IOException("lacks fields that this version writes");
        }
        if (setup != null && !setup.equals(its)) {
          throw new DataException(
              path
                  + ": was begun with ["
                  + its
                  + "], and this is ["
                  + setup
                  + "]; name another file, or repeat what began it");
        }
        found.add(new Finding(values));
      } catch (IOException | IllegalArgumentException e) {
        throw new DataException(
            path + ": line " + (i + 1) + " is no finding of a sweep; name another file", e);
      }
    }
    return found;
  }

  private static FindingFormat format(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".csv") ? FindingFormat.CSV : FindingFormat.JSON_LINES;
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Returns what the file held when it was opened. */
  public List<Finding> found() {
    return List.copyOf(found);
  }

  /**
   * Adds a line.
   *
   * @throws UncheckedIOException if that fails
   */
  public synchronized void append(Finding finding) {
    try {
      write(format.line(finding, setup));
    } catch (IOException e) {
      throw new UncheckedIOException("a finding cannot be written: " + e.getMessage(), e);
    }
  }

  private void write(String text) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public synchronized void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static UncheckedIOException failed(Path path, String what, IOException e) {
    return new UncheckedIOException(path + ": " + what + ": " + e.getMessage(), e);
  }
}
