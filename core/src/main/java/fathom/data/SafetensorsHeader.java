package fathom.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The header of a safetensors file, read strictly. */
final class SafetensorsHeader {
  static final String METADATA = "__metadata__";
  private static final int ARRAY_LIMIT = Integer.MAX_VALUE - 8;
  private static final long LARGEST_NUMBER = 1L << 53;
  private static final int NUMBER_LENGTH = 16;
  private static final int MOST_DIMENSIONS = 8;

  private final String file;
  private final long dataStart;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /** Where a tensor lies, in bytes from the end of the header. */
  record Entry(Safetensors.Dtype dtype, List<Long> shape, long begin, long end) {
    long elements() {
      return (end - begin) / dtype.bytes();
    }

    /** Returns the length of an array of all numbers, and refuses what none holds. */
    int arrayLength(Path file, String name) {
      long bytes = end - begin;
      if (bytes > ARRAY_LIMIT) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: tensor %s has %d bytes, an array takes %d; copy it to a matrix",
                file,
                Spelling.quote(name),
                bytes,
                ARRAY_LIMIT));
      }
      return (int) elements();
    }
  }

  private SafetensorsHeader(String file, long dataStart) {
    this.file = file;
    this.dataStart = dataStart;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /** Returns the tensors by name, as the header lists them. */
  Map<String, Entry> entries() {
    return entries;
  }

  /** Returns where the data begin, in bytes from the start of the file. */
  long dataStart() {
    return dataStart;
  }

  /**
   * Reads a header and proves that its tensors cover the data, each byte once.
   *
   * @throws DataException if anything is not as the format says
   */
  static SafetensorsHeader read(String file, FileChannel channel, int limit, int tensorLimit)
      throws IOException {
    long size = channel.size();
    if (size < Long.BYTES + 2) {
      throw wrong(file, "it has " + size + " bytes, expected at least " + (Long.BYTES + 2));
    }
    ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(file, channel, prefix, 0);
    long length = prefix.getLong(0);
    if (length < 2 || length > size - Long.BYTES) {
      throw wrong(
          file,
          String.format(
              Locale.ROOT,
              "it promises a header of %s bytes, %d bytes follow",
              Long.toUnsignedString(length),
              size - Long.BYTES));
    }
    if (length > limit) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: its header of %d bytes passes the limit of %d; raise the limit to read it",
              file,
              length,
              limit));
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length);
    readFully(file, channel, bytes, Long.BYTES);
    SafetensorsHeader header = new SafetensorsHeader(file, Long.BYTES + length);
    header.parse(decode(file, bytes.flip()), tensorLimit);
    header.requireCover(size - header.dataStart);
    return header;
  }

  /** Fills a buffer from a place of a file. */
  static void readFully(String file, FileChannel channel, ByteBuffer target, long from)
      throws IOException {
    long start = from - target.position();
    while (target.hasRemaining()) {
      if (channel.read(target, start + target.position()) < 0) {
        throw wrong(file, "it was cut while it was read");
      }
    }
  }

  private static char[] decode(String file, ByteBuffer bytes) {
    if (bytes.get(0) != '{') {
      throw wrong(file, "its header does not start with {");
    }
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(bytes);
      char[] chars = new char[text.length()];
      text.get(chars);
      return chars;
    } catch (CharacterCodingException e) {
      throw wrong(file, "its header is not UTF-8", e);
    }
  }

  private void parse(char[] json, int tensorLimit) throws IOException {
    try (JsonParser p = factory(json.length).createParser(json)) {
      readObject(p, tensorLimit);
    } catch (JsonProcessingException e) {
      String message = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
      throw wrong(file, "its header is no valid JSON: " + message, e);
    }
  }

  private static JsonFactory factory(int length) {
    // Buffers that Jackson keeps in thread locals would keep an application's class loader.
    return JsonFactory.builder()
        .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(3)
                .maxNumberLength(2 * NUMBER_LENGTH)
                .maxNameLength(Math.max(1, length))
                .maxStringLength(Math.max(1, length))
                .build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        // Names are foreign: they must not fill the JVM's table of strings, nor collide in one.
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .build();
  }

  private void readObject(JsonParser p, int tensorLimit) throws IOException {
    require(p.nextToken(), JsonToken.START_OBJECT, "the header");
    while (p.nextToken() != JsonToken.END_OBJECT) {
      String name = p.currentName();
      if (name.equals(METADATA)) {
        readMetadata(p);
        continue;
      }
      entries.put(name, readEntry(p, Spelling.quote(name)));
      if (entries.size() > tensorLimit) {
        throw new DataException(
            file + ": holds more than " + tensorLimit + " tensors; raise the limit to read it");
      }
    }
    if (p.nextToken() != null) {
      throw wrong("something other than spaces follows the header's closing brace");
    }
  }

  private void readMetadata(JsonParser p) throws IOException {
    require(p.nextToken(), JsonToken.START_OBJECT, METADATA);
    while (p.nextToken() != JsonToken.END_OBJECT) {
      String key = p.currentName();
      require(p.nextToken(), JsonToken.VALUE_STRING, METADATA + " " + Spelling.quote(key));
      metadata.put(key, p.getText());
    }
  }

  private Entry readEntry(JsonParser p, String name) throws IOException {
    require(p.nextToken(), JsonToken.START_OBJECT, name);
    Safetensors.Dtype dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (p.nextToken() != JsonToken.END_OBJECT) {
      String key = p.currentName();
      switch (key) {
        case "dtype" -> dtype = readDtype(p, name);
        case "shape" -> shape = readNumbers(p, name + " shape", MOST_DIMENSIONS);
        case "data_offsets" -> offsets = readNumbers(p, name + " data_offsets", 2);
        default -> throw wrong(name + " has a field " + Spelling.quote(key));
      }
    }
    if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
      throw wrong(name + " lacks its dtype, its shape or its two data_offsets");
    }
    Entry entry = new Entry(dtype, shape, offsets.get(0), offsets.get(1));
    long bytes = bytes(dtype, shape);
    if (bytes < 0 || bytes != entry.end - entry.begin) {
      throw wrong(
          String.format(
              Locale.ROOT,
              "%s is %s %s, which does not fill its data_offsets %s",
              name,
              dtype,
              shape,
              offsets));
    }
    return entry;
  }

  private Safetensors.Dtype readDtype(JsonParser p, String name) throws IOException {
    require(p.nextToken(), JsonToken.VALUE_STRING, name + " dtype");
    for (Safetensors.Dtype dtype : Safetensors.Dtype.values()) {
      if (dtype.name().equals(p.getText())) {
        return dtype;
      }
    }
    throw new DataException(
        String.format(
            Locale.ROOT,
            "%s: %s has dtype %s; Fathom reads F32, F64, I32 and I64: convert it where it was"
                + " written",
            file,
            name,
            Spelling.quote(p.getText())));
  }

  private List<Long> readNumbers(JsonParser p, String what, int most) throws IOException {
    require(p.nextToken(), JsonToken.START_ARRAY, what);
    List<Long> numbers = new ArrayList<>();
    while (p.nextToken() != JsonToken.END_ARRAY) {
      String text = p.currentToken() == JsonToken.VALUE_NUMBER_INT ? p.getText() : "-";
      boolean canonical = !text.startsWith("-") && text.length() <= NUMBER_LENGTH;
      if (!canonical || Long.parseLong(text) > LARGEST_NUMBER) {
        throw wrong(what + " holds something other than whole numbers of 0 to 2^53");
      }
      if (numbers.size() == most) {
        throw wrong(what + " holds more than " + most + " numbers");
      }
      numbers.add(Long.parseLong(text));
    }
    return List.copyOf(numbers);
  }

  /** Returns how many bytes a tensor takes, or -1 if no file holds so many. */
  static long bytes(Safetensors.Dtype dtype, List<Long> shape) {
    long bytes = dtype.bytes();
    try {
      for (long length : shape) {
        bytes = Math.multiplyExact(bytes, length);
      }
    } catch (ArithmeticException e) {
      return -1;
    }
    return bytes;
  }

  private void requireCover(long data) {
    List<Map.Entry<String, Entry>> inOrder = new ArrayList<>(entries.entrySet());
    inOrder.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin)
            .thenComparingLong(e -> e.getValue().end));
    long covered = 0;
    for (Map.Entry<String, Entry> e : inOrder) {
      if (e.getValue().begin != covered) {
        throw wrong(
            String.format(
                Locale.ROOT,
                "%s begins at byte %d of the data, expected %d: tensors overlap or leave a hole",
                Spelling.quote(e.getKey()),
                e.getValue().begin,
                covered));
      }
      covered = e.getValue().end;
    }
    if (covered != data) {
      throw wrong(
          String.format(
              Locale.ROOT, "the tensors need %d bytes of data, the file holds %d", covered, data));
    }
  }

  private void require(JsonToken found, JsonToken expected, String what) {
    if (found != expected) {
      throw wrong(
          String.format(
              Locale.ROOT, "%s is %s, expected %s", what, describe(found), describe(expected)));
    }
  }

  private static String describe(JsonToken token) {
    return token == null ? "missing" : token.name().toLowerCase(Locale.ROOT);
  }

  private DataException wrong(String what) {
    return wrong(file, what);
  }

  private static DataException wrong(String file, String what) {
    return wrong(file, what, null);
  }

  private static DataException wrong(String file, String what, Throwable cause) {
    return new DataException(
        file + ": is no sound safetensors file: " + what + "; copy it again, or write it anew",
        cause);
  }
}
