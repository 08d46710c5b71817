package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  private static final byte[] OLD = {1, 2, 3};
  private static final byte[] NEW = {4, 5, 6, 7};

  @TempDir Path folder;

  private static void writeNew(Path file) {
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(NEW)));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void createsAndReplaces() throws IOException {
    Path file = folder.resolve("f");
    writeNew(file);
    assertArrayEquals(NEW, Files.readAllBytes(file));
    Files.write(file, OLD);
    writeNew(file);
    assertArrayEquals(NEW, Files.readAllBytes(file));
    assertEquals(List.of("f"), names());
  }

  @Test
  void leavesTheOldFileOnEveryKindOfFailure() throws IOException {
    Path file = Files.write(folder.resolve("f"), OLD);
    List<Throwable> kinds =
        List.of(
            new IOException("disk full"),
            new IllegalStateException("closed"),
            new OutOfMemoryError());
    for (Throwable kind : kinds) {
      Throwable thrown =
          assertThrows(
              Throwable.class,
              () ->
                  AtomicFile.write(
                      file,
                      channel -> {
                        channel.write(ByteBuffer.wrap(NEW));
                        rethrow(kind);
                      }));
      assertEquals(
          kind instanceof IOException ? UncheckedIOException.class : kind.getClass(),
          thrown.getClass());
      assertArrayEquals(OLD, Files.readAllBytes(file));
      assertEquals(List.of("f"), names());
    }
  }

  private static void rethrow(Throwable kind) throws IOException {
    if (kind instanceof IOException io) {
      throw io;
    }
    if (kind instanceof RuntimeException runtime) {
      throw runtime;
    }
    throw (Error) kind;
  }

  @Test
  void saysWhyInOneLine() throws IOException {
    Path folderAsFile = Files.createDirectory(folder.resolve("d"));
    assertMessage(folderAsFile, "is a directory");
    assertMessage(folder.resolve("none/f"), "its directory does not exist");
    Path plain = Files.write(folder.resolve("plain"), OLD);
    assertMessage(plain.resolve("f"), "cannot be written");
  }

  private static void assertMessage(Path file, String part) {
    String message = assertThrows(UncheckedIOException.class, () -> writeNew(file)).getMessage();
    assertTrue(message.startsWith(file + ": cannot be written: "), message);
    assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
  }

  @Test
  void replacesWhatALinkLeadsTo() throws IOException {
    Path real = Files.write(folder.resolve("real"), OLD);
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("real"));
    writeNew(link);
    assertTrue(Files.isSymbolicLink(link));
    assertArrayEquals(NEW, Files.readAllBytes(real));
  }

  @Test
  void makesWhatALinkLeadsTo() throws IOException {
    Files.createDirectory(folder.resolve("sub"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("sub/../next"));
    Path next = Files.createSymbolicLink(folder.resolve("next"), Path.of("sub/new"));
    writeNew(link);
    assertTrue(Files.isSymbolicLink(link) && Files.isSymbolicLink(next));
    assertArrayEquals(NEW, Files.readAllBytes(folder.resolve("sub/new")));
    assertEquals(List.of("link", "next", "sub"), names());
  }

  /** The numbers' memory was closed: the second tensor cannot be written. */
  @Test
  void closedMemoryLeavesTheOldModel() throws IOException {
    Path file = folder.resolve("f");
    try (Arena arena = Arena.ofShared()) {
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      tensors.put("x", Safetensors.Tensor.of(Matrix.of(arena, new float[][] {{1}})));
      Safetensors.write(file, Map.of(), tensors);
      try (Arena closed = Arena.ofShared()) {
        tensors.put("y", Safetensors.Tensor.of(Matrix.allocate(closed, 9, 9)));
      }
      byte[] old = Files.readAllBytes(file);
      assertThrows(IllegalStateException.class, () -> Safetensors.write(file, Map.of(), tensors));
      assertArrayEquals(old, Files.readAllBytes(file));
      assertEquals(List.of("f"), names());
    }
  }
}
