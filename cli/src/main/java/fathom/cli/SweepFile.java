package fathom.cli;

import fathom.lab.stress.Finding;
import fathom.lab.stress.FindingFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/** Where a sweep keeps what it finds, in the file of {@code --out} or nowhere. */
final class SweepFile implements AutoCloseable {
  private final FindingFile file;

  private SweepFile(FindingFile file) {
    this.file = file;
  }

  /**
   * Starts a file or goes on with it.
   *
   * @param path of the file, or null for none
   * @param setup what all findings in it have in common
   * @throws BadInput if it cannot be read or written
   */
  static SweepFile open(Path path, boolean resume, String setup) {
    try {
      return new SweepFile(
          path == null
              ? null
              : resume ? FindingFile.resume(path, setup) : FindingFile.create(path, setup));
    } catch (UncheckedIOException e) {
      throw new BadInput("--out " + e.getMessage(), e);
    }
  }

  /** Returns what it held when it was opened. */
  List<Finding> found() {
    return file == null ? List.of() : file.found();
  }

  /**
   * Adds a finding.
   *
   * @throws BadInput if that fails; those before it are kept
   */
  void append(Finding finding) {
    try {
      if (file != null) {
        file.append(finding);
      }
    } catch (UncheckedIOException e) {
      throw new BadInput(
          "--out "
              + e.getMessage()
              + "; what it holds is kept: make room, and repeat the command with --resume",
          e);
    }
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
  }
}
