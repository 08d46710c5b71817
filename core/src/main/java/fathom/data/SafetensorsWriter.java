package fathom.data;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import fathom.matrix.Matrix;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes safetensors files from the memory where the numbers lie. */
final class SafetensorsWriter {
  private SafetensorsWriter() {}

  /** As {@link Safetensors#write}. */
  static void write(
      Path file, Map<String, String> metadata, Map<String, Safetensors.Tensor> tensors) {
    Map<String, SafetensorsHeader.Entry> entries = new LinkedHashMap<>();
    long end = 0;
    for (Map.Entry<String, Safetensors.Tensor> e : tensors.entrySet()) {
      List<Long> shape = e.getValue().shape();
      long begin = end;
      end += SafetensorsHeader.bytes(Safetensors.Dtype.F32, shape);
      entries.put(
          e.getKey(), new SafetensorsHeader.Entry(Safetensors.Dtype.F32, shape, begin, end));
    }
    byte[] json = encode(metadata, entries);
    if (json.length > Safetensors.FORMAT_HEADER_LIMIT) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a header of %d bytes passes the %d of the format: shorten names or metadata",
              json.length,
              Safetensors.FORMAT_HEADER_LIMIT));
    }
    ByteBuffer start =
        ByteBuffer.allocate(Long.BYTES + json.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .flip();
    AtomicFile.write(
        file,
        channel -> {
          writeAll(channel, start.rewind());
          for (Safetensors.Tensor tensor : tensors.values()) {
            write(channel, tensor.values());
          }
        });
  }

  private static void write(FileChannel channel, Matrix m) throws IOException {
    boolean contiguous = m.stride() == m.cols();
    int runs = contiguous ? 1 : m.rows();
    long bytes = (contiguous ? m.rows() : 1L) * m.cols() * Float.BYTES;
    for (int r = 0; r < runs; r++) {
      Pieces.forEach(
          m.segment(),
          m.byteOffset(r, 0),
          bytes,
          Pieces.LARGEST,
          (piece, done) -> writeAll(channel, piece));
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Returns a header as JSON, padded with spaces to a multiple of 8 bytes. */
  private static byte[] encode(
      Map<String, String> metadata, Map<String, SafetensorsHeader.Entry> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // Buffers that Jackson keeps in thread locals would keep an application's class loader.
    JsonFactory json =
        JsonFactory.builder().recyclerPool(JsonRecyclerPools.nonRecyclingPool()).build();
    try (JsonGenerator g = json.createGenerator(bytes, JsonEncoding.UTF8)) {
      g.writeStartObject();
      if (!metadata.isEmpty()) {
        g.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> e : metadata.entrySet()) {
          if (e.getValue() == null) {
            throw new IllegalArgumentException("metadata '" + e.getKey() + "' has no value");
          }
          g.writeStringField(e.getKey(), e.getValue());
        }
        g.writeEndObject();
      }
      for (Map.Entry<String, SafetensorsHeader.Entry> e : entries.entrySet()) {
        if (e.getKey().equals(SafetensorsHeader.METADATA)) {
          throw new IllegalArgumentException(
              "no tensor may be named " + SafetensorsHeader.METADATA);
        }
        g.writeObjectFieldStart(e.getKey());
        g.writeStringField("dtype", e.getValue().dtype().name());
        g.writeArrayFieldStart("shape");
        for (long length : e.getValue().shape()) {
          g.writeNumber(length);
        }
        g.writeEndArray();
        g.writeArrayFieldStart("data_offsets");
        g.writeNumber(e.getValue().begin());
        g.writeNumber(e.getValue().end());
        g.writeEndArray();
        g.writeEndObject();
      }
      g.writeEndObject();
    } catch (IOException e) {
      throw new IllegalArgumentException("a name or value is no valid text: " + e.getMessage(), e);
    }
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    return bytes.toByteArray();
  }
}
