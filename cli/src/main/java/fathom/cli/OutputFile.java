package fathom.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A file that a command leaves behind: proved to be writable before the work starts, and there as a
 * whole or not at all when it ends. Its name does not promise what is not done: none is compressed.
 */
final class OutputFile {
  private static final int MOST_LINKS = 40;

  private final String option;
  private final Path path;

  /**
   * Names a file and tries whether it can be written, without touching what is there.
   *
   * @param option the option that named it, for messages
   * @throws BadInput if it cannot be written
   */
  OutputFile(String option, Path path) {
    this.option = option;
    this.path = real(path);
    if (path.toString().toLowerCase(Locale.ROOT).endsWith(".gz")) {
      throw unwritable(
          "no output is compressed; leave .gz out of its name, or gzip it later", null);
    }
    if (Files.isDirectory(path)) {
      throw unwritable("it is a directory; name a file", null);
    }
    Path parent = folder();
    if (!Files.isDirectory(parent)) {
      throw unwritable("there is no directory " + parent + "; make it first", null);
    }
    if (Files.isSymbolicLink(this.path) && !Files.exists(path)) {
      throw unwritable("it is a link that leads nowhere; name a file", null);
    }
    if (isSpecial()) {
      return;
    }
    if (Files.exists(path) && !Files.isWritable(path)) {
      throw unwritable("it is write-protected; name another file", null);
    }
    try {
      Files.delete(temporary(this.path));
    } catch (IOException e) {
      throw unwritable("the directory " + parent + " cannot be written", e);
    }
  }

  /** Returns where the file is to be. */
  Path path() {
    return path;
  }

  /**
   * Refuses outputs that are one file, or an input, by whatever names: a link, a way around by
   * {@code ..}, another name of the same file. Absent ones may be null.
   *
   * @throws BadInput if there are such
   */
  static void requireApart(List<OutputFile> outputs, List<Path> inputs) {
    for (int i = 0; i < outputs.size(); i++) {
      OutputFile output = outputs.get(i);
      if (output == null) {
        continue;
      }
      for (Path input : inputs) {
        if (input != null && (output.isAt(input) || output.isInside(input))) {
          throw output.unwritable("it is an input of this command; name another file", null);
        }
      }
      for (OutputFile other : outputs.subList(i + 1, outputs.size())) {
        if (other != null && !other.isSpecial() && output.isAt(other.path)) {
          throw output.unwritable(
              output.option + " and " + other.option + " both name it; name two files", null);
        }
      }
    }
  }

  /** Returns whether a path leads to this file, be it there yet or not. */
  boolean isAt(Path other) {
    try {
      if (Files.exists(path) && Files.exists(other)) {
        return Files.isSameFile(path, other);
      }
      return real(path).equals(real(other));
    } catch (IOException e) {
      throw unwritable(String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns whether this is one of the IDX files of a directory. */
  private boolean isInside(Path input) {
    try {
      return Files.isDirectory(input)
          && path.getFileName().toString().contains("idx")
          && Files.exists(path)
          && Files.isSameFile(input, folder());
    } catch (IOException e) {
      throw unwritable(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Refuses a device or a pipe.
   *
   * @throws BadInput if it is one
   */
  OutputFile requireRegular() {
    if (isSpecial()) {
      throw unwritable("it is no regular file; name one", null);
    }
    return this;
  }

  /**
   * Refuses a disk that has not so many bytes left.
   *
   * @throws BadInput if it has not; of some disks nobody knows
   */
  void requireRoom(long bytes) {
    long left;
    try {
      left = Files.getFileStore(folder()).getUsableSpace();
    } catch (IOException e) {
      return;
    }
    if (left > 0 && bytes > left) {
      throw unwritable(
          String.format(
              "it takes %s, and %s are left there; make room, or name a file on another disk",
              MachineMemory.text((double) bytes), MachineMemory.text((double) left)),
          null);
    }
  }

  /**
   * Writes the file.
   *
   * @throws Unwritten if that fails; what was there before is then still there, and what was to be
   *     written is kept elsewhere
   */
  void write(Consumer<PrintWriter> content) {
    keep(target -> write(target, content));
  }

  /**
   * Has the file written by somebody who replaces a file as a whole, and if that fails, has it
   * written to a new folder for temporary files, which nobody else may read.
   *
   * @param writer throws {@link UncheckedIOException} if it cannot write
   * @throws Unwritten if the file could not be written, with the place where it is kept
   */
  void keep(Consumer<Path> writer) {
    try {
      writer.accept(path);
    } catch (UncheckedIOException e) {
      throw new Unwritten(option + " " + e.getMessage() + "; " + elsewhere(writer), e);
    }
  }

  private String elsewhere(Consumer<Path> writer) {
    try {
      Path folder = Files.createTempDirectory("fathom-");
      try {
        Path file = folder.resolve(path.getFileName());
        writer.accept(file);
        return "it is kept in " + file;
      } catch (UncheckedIOException e) {
        Files.delete(folder);
        throw e;
      }
    } catch (IOException | UncheckedIOException e) {
      return "nor can it be kept elsewhere: " + e.getMessage();
    }
  }

  private void write(Path target, Consumer<PrintWriter> content) {
    try {
      if (target.equals(path) && isSpecial()) {
        fill(target, content);
        return;
      }
      Path temporary = temporary(target);
      try {
        fill(temporary, content);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      String why = e instanceof NoSuchFileException ? "its directory is gone" : e.getMessage();
      throw new UncheckedIOException(target + ": cannot be written: " + why, e);
    }
  }

  private void fill(Path file, Consumer<PrintWriter> content) throws IOException {
    BufferedWriter lines = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    try (PrintWriter writer = new PrintWriter(lines)) {
      content.accept(writer);
      if (writer.checkError()) {
        throw new IOException("writing failed; is the disk full?");
      }
    }
  }

  /** Makes an empty file beside the target, which goes with the process if nobody moves it. */
  private static Path temporary(Path target) throws IOException {
    String name = "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp";
    Path file = target.toAbsolutePath().resolveSibling(name);
    Files.deleteIfExists(file);
    Files.createFile(file);
    file.toFile().deleteOnExit();
    return file;
  }

  /**
   * Follows symbolic links, so that they stay links: also those to a file that is not there yet,
   * and those on the way to it.
   */
  private static Path real(Path path) {
    try {
      if (Files.exists(path)) {
        return Files.isRegularFile(path) ? path.toRealPath() : path;
      }
      Path file = path.toAbsolutePath();
      for (int i = 0; i < MOST_LINKS && Files.isSymbolicLink(file); i++) {
        file = file.resolveSibling(Files.readSymbolicLink(file));
      }
      Path folder = file.getParent();
      if (folder != null && Files.isDirectory(folder)) {
        return folder.toRealPath().resolve(file.getFileName());
      }
      return Files.isSymbolicLink(path) ? file : path;
    } catch (IOException e) {
      return path;
    }
  }

  /** A device or a pipe, which must not be replaced by a file. */
  boolean isSpecial() {
    return Files.exists(path) && !Files.isRegularFile(path);
  }

  private Path folder() {
    Path parent = path.toAbsolutePath().getParent();
    return parent == null ? path.toAbsolutePath() : parent;
  }

  private BadInput unwritable(String why, IOException cause) {
    return new BadInput(option + " " + path + " cannot be written: " + why, cause);
  }
}
