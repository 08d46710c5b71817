package fathom.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.util.Locale;

/** Standard output that remembers why it could not be written, which Java's own does not. */
final class StandardOutput extends PrintWriter {
  private final Remembering stream;

  private StandardOutput(Remembering stream) {
    super(new OutputStreamWriter(stream, System.out.charset()), true);
    this.stream = stream;
  }

  /** Opens the standard output of this process. */
  static StandardOutput open() {
    return new StandardOutput(new Remembering(new FileOutputStream(FileDescriptor.out)));
  }

  /** Returns what the system said when writing failed first, or null. */
  String failure() {
    return stream.failure == null ? null : stream.failure.getMessage();
  }

  /** Returns whether whoever read it has gone, who need not be told. */
  boolean isClosedPipe() {
    String failure = failure();
    return failure != null && failure.toLowerCase(Locale.ROOT).contains("pipe");
  }

  private static final class Remembering extends OutputStream {
    private final OutputStream to;
    private volatile IOException failure;

    Remembering(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        to.write(bytes, from, length);
      } catch (IOException e) {
        failure = failure == null ? e : failure;
        throw e;
      }
    }
  }
}
