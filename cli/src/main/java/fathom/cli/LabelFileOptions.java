package fathom.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the labels of an array are. */
final class LabelFileOptions {
  @Option(
      names = "--labels",
      paramLabel = "FILE.npy",
      description = "The labels or targets of the rows of a .npy array.")
  private Path labels;

  /** Returns whether they are named. */
  boolean given() {
    return labels != null;
  }

  /** Returns their file, or null. */
  Path path() {
    return labels;
  }

  /** Returns what DATA and this name, and which classes of it. */
  DataSource source(Path data, ClassOptions classes) {
    return new DataSource(data, labels, classes);
  }
}
