package fathom.lab.stress;

import fathom.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
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
 * <p>A file that is not there is made for the first finding, so that what fails before that leaves
 * none. One sweep at a time writes to a file, where the file system can tell. Safe for many
 * threads.
 */
public final class FindingFile implements AutoCloseable {
  /** Where no reader gets to: some systems keep others from reading what is locked. */
  private static final long LOCKED = Long.MAX_VALUE - 1;

  private final Path path;
  private final FindingFormat format;
  private final String setup;
  private final List<Finding> found;
  private final long end;
  private FileChannel channel;

  private FindingFile(Path path, String setup, List<Finding> found, long end) {
    this.path = path;
    this.setup = setup;
    this.found = found;
    this.end = end;
    format = format(path);
  }

  /**
   * Starts a file.
   *
   * @param setup what all findings in it have in common: data, steps, and so on, on one line
   * @throws DataException if there is one that is not empty
   * @throws UncheckedIOException if it cannot be looked at
   */
  public static FindingFile create(Path path, String setup) {
    try {
      if (Files.exists(path) && Files.size(path) > 0) {
        throw new DataException(
            path + ": is there already; go on with it (--resume), or name another file");
      }
      return new FindingFile(path, setup, List.of(), 0);
    } catch (IOException e) {
      throw failed(path, "cannot be written", e);
    }
  }

  /**
   * Goes on with a file that a sweep was stopped in, or starts it if it is not there. A torn line
   * at its end is cut off.
   *
   * @throws DataException if it holds anything but findings of this setup, or another sweep writes
   *     to it
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
      List<Finding> found = read(path, format(path), setup, text);
      FindingFile file = new FindingFile(path, setup, found, end);
      file.open(bytes.length);
      return file;
    } catch (IOException e) {
      throw failed(path, "cannot be read or written", e);
    }
  }

  /**
   * Opens the file and puts its end where findings end.
   *
   * @param size that it is known to have
   */
  private void open(long size) throws IOException {
    FileChannel opened =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!lock(opened) || opened.size() != size) {
        throw new DataException(
            path + ": another sweep writes to it; wait for its end, or name another file");
      }
      opened.truncate(end);
      opened.position(end);
      if (end == 0) {
        write(opened, format.head());
      }
      channel = opened;
    } finally {
      if (channel == null) {
        opened.close();
      }
    }
  }

  private static boolean lock(FileChannel channel) {
    try {
      return channel.tryLock(LOCKED, 1, false) != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      // Not every file system has locks.
      return true;
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

  /** Returns what the file held when it was opened. */
  public List<Finding> found() {
    return List.copyOf(found);
  }

  /**
   * Adds a line.
   *
   * @throws DataException if another sweep has begun the file meanwhile
   * @throws UncheckedIOException if that fails, as where the disk is full; the file then ends with
   *     the line before
   */
  public synchronized void append(Finding finding) {
    try {
      if (channel == null) {
        open(0);
      }
      write(channel, format.line(finding, setup));
    } catch (IOException e) {
      throw failed(path, "cannot be written", e);
    }
  }

  /** Writes all of a text or nothing of it. */
  private static void write(FileChannel to, String text) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    long start = to.position();
    try {
      while (bytes.hasRemaining()) {
        to.write(bytes);
      }
    } catch (IOException e) {
      try {
        to.truncate(start);
      } catch (IOException torn) {
        // Whoever goes on with the file cuts it off.
        e.addSuppressed(torn);
      }
      throw e;
    }
  }

  @Override
  public synchronized void close() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw failed(path, "cannot be written to its end", e);
    }
  }

  private static UncheckedIOException failed(Path path, String what, IOException e) {
    return new UncheckedIOException(path + ": " + what + ": " + e.getMessage(), e);
  }
}
