package fathom.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A file that a command leaves behind: proved to be writable before the work starts, and there as a
 * whole or not at all when it ends. Its name does not promise what is not done: none is compressed.
 */
final class OutputFile {
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
    if (isSpecial()) {
      return;
    }
    if (Files.exists(path) && !Files.isWritable(path)) {
      throw unwritable("it is write-protected; name another file", null);
    }
    try {
      Files.delete(temporary());
    } catch (IOException e) {
      throw unwritable("the directory " + parent + " cannot be written", e);
    }
  }

  /** Returns where the file is to be. */
  Path path() {
    return path;
  }

  /**
   * Refuses to write over what a command reads, or writes to as well, be it there yet or not.
   *
   * @throws BadInput if both are the same file
   */
  OutputFile requireOtherThan(Path input) {
    try {
      if (input != null && Files.exists(input) && Files.isSameFile(path, input)) {
        throw unwritable("it is an input of this command; name another file", null);
      }
      if (input != null && absolute(path).equals(absolute(input))) {
        throw unwritable("another option names it too; name two files", null);
      }
    } catch (NoSuchFileException e) {
      // A file that is not there yet is no input.
    } catch (IOException e) {
      throw unwritable(String.valueOf(e.getMessage()), e);
    }
    return this;
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
   * Writes the file.
   *
   * @throws BadInput if that fails; what was there before is then still there
   */
  void write(Consumer<PrintWriter> content) {
    try {
      if (isSpecial()) {
        fill(path, content);
        return;
      }
      Path temporary = temporary();
      try {
        fill(temporary, content);
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw unwritable(String.valueOf(e.getMessage()), e);
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
  private Path temporary() throws IOException {
    String name = "." + path.getFileName() + "." + ProcessHandle.current().pid() + ".tmp";
    Path file = folder().resolve(name);
    Files.deleteIfExists(file);
    Files.createFile(file);
    file.toFile().deleteOnExit();
    return file;
  }

  /** Follows a symbolic link, so that the link stays one. */
  private static Path real(Path path) {
    try {
      return Files.exists(path) ? path.toRealPath() : path;
    } catch (IOException e) {
      return path;
    }
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  /** A device or a pipe, which must not be replaced by a file. */
  private boolean isSpecial() {
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
