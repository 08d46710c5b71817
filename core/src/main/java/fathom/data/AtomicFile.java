package fathom.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Replaces a file as a whole: whoever looks, whenever the process or the machine stops, finds the
 * old file or the new one. The new content goes to a temporary file in the same directory, is
 * synced, and takes the old one's name.
 */
final class AtomicFile {
  /** How the names of temporary files start; one may be left behind by a killed process. */
  static final String TEMPORARY = ".fathom-";

  private static final int MOST_LINKS = 40;

  private AtomicFile() {}

  /** Writes the content of a file. */
  interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes a file. On failure the old file is untouched and the temporary one deleted.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  static void write(Path file, Content content) {
    try {
      Path target = target(file);
      if (Files.isDirectory(target)) {
        throw new IOException("is a directory; name a file");
      }
      Path directory = target.getParent();
      String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
      Path temporary = directory.resolve(TEMPORARY + random + ".tmp");
      try {
        writeAndSync(temporary, content);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (Throwable t) {
        deleteQuietly(temporary, t);
        throw t;
      }
      syncDirectory(directory);
    } catch (NoSuchFileException e) {
      throw failed(file, "its directory does not exist; create it first", e);
    } catch (AccessDeniedException e) {
      throw failed(file, "this user may not write there; check the permissions", e);
    } catch (ClosedByInterruptException e) {
      throw failed(file, "the thread was interrupted; clear that and write again", e);
    } catch (IOException e) {
      throw failed(file, String.valueOf(e.getMessage()), e);
    }
  }

  /** Follows links, be there a file behind them or not yet: a link stays one. */
  private static Path target(Path file) throws IOException {
    Path target = file.toAbsolutePath();
    for (int i = 0; i < MOST_LINKS && Files.isSymbolicLink(target); i++) {
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    return target;
  }

  private static void writeAndSync(Path temporary, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      content.writeTo(channel);
      channel.force(true);
    }
  }

  /** Makes the new name last; where directories cannot be opened (Windows), it already does. */
  private static void syncDirectory(Path directory) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(directory, StandardOpenOption.READ);
    } catch (IOException e) {
      return;
    }
    try (channel) {
      channel.force(true);
    }
  }

  private static void deleteQuietly(Path temporary, Throwable cause) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static UncheckedIOException failed(Path file, String why, IOException e) {
    return new UncheckedIOException(
        Spelling.oneLine(file + ": cannot be written: " + why), new IOException(why, e));
  }
}
