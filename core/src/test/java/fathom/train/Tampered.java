package fathom.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Safetensors;
import fathom.matrix.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Files that somebody has changed. */
final class Tampered {
  private Tampered() {}

  /** Writes a file anew with other texts or tensors. */
  static Path changed(
      Path file,
      UnaryOperator<Map<String, String>> texts,
      UnaryOperator<Map<String, Safetensors.Tensor>> numbers) {
    Path target = file.resolveSibling("changed.safetensors");
    try (Arena arena = Arena.ofConfined();
        Safetensors read = Safetensors.read(file)) {
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      for (String name : read.names()) {
        float[] values = read.floats(name);
        List<Long> shape = read.shape(name);
        int rows = shape.size() == 1 ? 1 : Math.toIntExact(shape.get(0));
        Matrix matrix = Matrix.allocate(arena, rows, values.length / rows);
        for (int i = 0; i < values.length; i++) {
          matrix.set(i / matrix.cols(), i % matrix.cols(), values[i]);
        }
        tensors.put(name, new Safetensors.Tensor(shape, matrix));
      }
      Map<String, String> metadata = new LinkedHashMap<>(read.metadata());
      Safetensors.write(target, texts.apply(metadata), numbers.apply(tensors));
    }
    return target;
  }

  static <T> Map<String, T> with(Map<String, T> all, String key, T value) {
    all.put(key, value);
    return all;
  }

  static <T> Map<String, T> without(Map<String, T> all, String key) {
    all.remove(key);
    return all;
  }

  static Map<String, Safetensors.Tensor> with(
      Map<String, Safetensors.Tensor> all, String name, float value) {
    Matrix numbers = all.get(name).values();
    numbers.set(numbers.rows() - 1, numbers.cols() - 1, value);
    return all;
  }

  static Map<String, Safetensors.Tensor> longer(Map<String, Safetensors.Tensor> all, String name) {
    Matrix old = all.get(name).values();
    Matrix numbers = Matrix.allocate(Arena.ofAuto(), 1, old.rows() * old.cols() + 1);
    return with(all, name, Safetensors.Tensor.vector(numbers));
  }

  /** Gives a tensor as many numbers in a shape of three dimensions. */
  static Map<String, Safetensors.Tensor> turned(Map<String, Safetensors.Tensor> all, String name) {
    Matrix numbers = all.get(name).values();
    List<Long> shape = List.of(1L, (long) numbers.cols(), (long) numbers.rows());
    return with(all, name, new Safetensors.Tensor(shape, numbers));
  }

  /** Says of a tensor that its bytes are integers. */
  static Path integers(Path file, String name) throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    String begin = '"' + name + "\":{\"dtype\":\"";
    assertTrue(text.contains(begin + "F32"), name);
    return Files.writeString(
        file.resolveSibling("integers.safetensors"),
        text.replace(begin + "F32", begin + "I32"),
        StandardCharsets.ISO_8859_1);
  }
}
