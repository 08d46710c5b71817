package fathom.lab.preflight;

import fathom.data.DataException;
import fathom.lab.stress.GridCell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of the networks that a {@link PreflightStudy} has trained, a line each, so that
 * another rule can be held against the same trainings. Lines are appended as trainings end; a line
 * that was torn when a study was killed is cut off.
 *
 * <p>For one thread.
 */
final class StudyFile {
  private static final String SEPARATOR = "\t";

  /** Of each network. */
  private static final int TRAININGS = 2;

  private final Path path;
  private final Map<String, double[]> known = new HashMap<>();

  /**
   * Opens a file, or starts it.
   *
   * @param setup what all trainings in it have in common: data, steps, on one line
   * @throws DataException if it holds anything but trainings of this setup
   * @throws UncheckedIOException if it cannot be read or written
   */
  StudyFile(Path path, String setup) {
    this.path = path;
    try {
      String text = Files.exists(path) ? Files.readString(path) : "";
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      // A torn first line is the beginning of this setup, and anything else is somebody's text.
      if (whole.isEmpty() && setup.startsWith(text)) {
        whole = setup + "\n";
      }
      read(whole.lines().toList(), setup);
      if (!whole.equals(text)) {
        Path unused = Files.writeString(path, whole);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": cannot be read or written: " + e.getMessage(), e);
    }
  }

  private void read(List<String> lines, String setup) {
    if (lines.isEmpty()) {
      throw new DataException(path + ": holds no study; name another file");
    }
    if (!lines.get(0).equals(setup)) {
      throw new DataException(
          String.format(
              "%s: was begun with [%s], and this is [%s]; name another file",
              path, lines.get(0), setup));
    }
    for (int i = 1; i < lines.size(); i++) {
      String[] parts = lines.get(i).split(SEPARATOR, -1);
      try {
        if (parts.length != 1 + TRAININGS) {
          throw new NumberFormatException(TRAININGS + " shares, not " + (parts.length - 1));
        }
        double[] learnt = new double[TRAININGS];
        for (int k = 0; k < TRAININGS; k++) {
          learnt[k] = Double.parseDouble(parts[k + 1]);
        }
        known.put(parts[0], learnt);
      } catch (NumberFormatException e) {
        throw new DataException(
            path + ": line " + (i + 1) + " is no training of a study; name another file", e);
      }
    }
  }

  /** Returns what share of the loss a network did away with in each training, null if unknown. */
  double[] learnt(GridCell cell) {
    return known.get(cell.toString());
  }

  /**
   * Adds a network.
   *
   * @throws UncheckedIOException if that fails
   */
  void append(GridCell cell, double[] learnt) {
    StringBuilder line = new StringBuilder(cell.toString());
    for (double share : learnt) {
      line.append(SEPARATOR).append(share);
    }
    known.put(cell.toString(), learnt);
    try {
      Path unused = Files.writeString(path, line.append('\n'), StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
