package fathom.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens what is read, and says in words why something cannot be read. */
final class DataFile {
  private static final int BUFFER = 1 << 16;

  private DataFile() {}

  /**
   * Opens a file, through gzip if it starts like one, whatever it is called.
   *
   * @throws DataException if it cannot be opened
   */
  static InputStream open(Path file) {
    if (Files.isDirectory(file)) {
      throw new DataException(file + ": is a directory, a file is expected");
    }
    InputStream raw = null;
    try {
      raw = Files.newInputStream(file);
      return unzipped(raw);
    } catch (IOException e) {
      close(raw);
      throw unreadable(file.toString(), e);
    }
  }

  /** Buffers a stream, and unzips it if it starts like gzip. */
  static InputStream unzipped(InputStream raw) throws IOException {
    BufferedInputStream in = new BufferedInputStream(raw, BUFFER);
    in.mark(2);
    int first = in.read();
    int second = in.read();
    in.reset();
    boolean zipped = (first | second << 8) == GZIPInputStream.GZIP_MAGIC;
    return zipped ? new GZIPInputStream(in, BUFFER) : in;
  }

  /** Turns what reading threw into one line. */
  static DataException unreadable(String file, IOException e) {
    String why = String.valueOf(e.getMessage());
    if (e instanceof NoSuchFileException) {
      why = "no such file; check the path";
    } else if (e instanceof AccessDeniedException) {
      why = "may not be read by this user; check its permissions";
    } else if (e instanceof ClosedByInterruptException) {
      why = "reading was interrupted; clear the thread's interrupt and read again";
    } else if (e instanceof EOFException) {
      why = "ends in the middle of its compressed data; copy or download it again";
    } else if (e instanceof ZipException) {
      why = "is damaged gzip data (" + why + "); copy or download it again";
    } else if (e instanceof CharacterCodingException) {
      why = "is not UTF-8 text; convert it, or check that it is the right file";
    }
    return new DataException(file + ": " + why, e);
  }

  private static void close(InputStream in) {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      // Nothing was read: what opening threw says more.
    }
  }
}
