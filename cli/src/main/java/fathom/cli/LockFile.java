package fathom.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A locked file beside another, by which a process tells others that it replaces that one from time
 * to time. The system takes the lock back when the process ends, however it ends; a file that is
 * left behind by one that was killed locks nobody out. Where the file system has no locks, nobody
 * is locked out either.
 */
final class LockFile implements AutoCloseable {
  /** Where no reader gets to: some systems keep others from reading what is locked. */
  private static final long LOCKED = Long.MAX_VALUE - 1;

  private static final int MOST_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;

  private LockFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Locks others out.
   *
   * @param option that named the file, for messages
   * @throws BadInput if another training has done so
   */
  static LockFile beside(String option, Path file) {
    Path path = file.toAbsolutePath().resolveSibling("." + file.getFileName() + ".lock");
    try {
      while (true) {
        FileChannel channel =
            FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean kept = false;
        try {
          if (!lock(channel)) {
            throw new BadInput(
                option
                    + " "
                    + file
                    + ": another training writes to it; wait for its end, or name another file");
          }
          // Whoever had it may have deleted it since it was opened here.
          kept = isAt(path, channel);
          if (kept) {
            return new LockFile(path, channel);
          }
        } finally {
          if (!kept) {
            channel.close();
          }
        }
      }
    } catch (IOException e) {
      throw new BadInput(option + " " + path + " cannot be written: " + e.getMessage(), e);
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
   * Gives the file a size that nobody else gives it, and returns whether it is found at a path. To
   * open the file once more would not do: some systems take a lock back when that is closed.
   */
  private static boolean isAt(Path path, FileChannel channel) throws IOException {
    int size = 1 + ThreadLocalRandom.current().nextInt(MOST_BYTES);
    channel.truncate(0);
    int written = channel.write(ByteBuffer.allocate(1), size - 1);
    try {
      return written == 1 && Files.size(path) == size;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Lets others in. */
  @Override
  public void close() {
    try (channel) {
      boolean unused = Files.deleteIfExists(path);
    } catch (IOException e) {
      // The system takes the lock back, and the file locks nobody out.
    }
  }
}
