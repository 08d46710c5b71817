package fathom.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The records of a CSV text one after the other, its header found, its cells checked. */
final class CsvTable implements AutoCloseable {
  private static final int PEEK = 1 << 16;
  private static final int FEWEST_NUMBERED = 3;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final String file;
  private final CsvReader<CsvRecord> reader;
  private final Iterator<CsvRecord> records;
  private final boolean header;
  private final List<String> names = new ArrayList<>();
  private CsvRecord first;
  private CsvRecord second;
  private CsvRecord record;

  /**
   * Starts reading.
   *
   * @param header whether the first line is one, or null to find out
   * @param label the label column's name, or null; a first line that holds it is a header
   * @throws DataException if there is no record, or a header's names are missing or not unique
   */
  CsvTable(String file, InputStream in, Boolean header, String label) {
    this.file = file;
    try {
      BufferedReader text =
          new BufferedReader(
              new InputStreamReader(
                  in,
                  StandardCharsets.UTF_8
                      .newDecoder()
                      .onMalformedInput(CodingErrorAction.REPORT)
                      .onUnmappableCharacter(CodingErrorAction.REPORT)),
              PEEK);
      reader =
          CsvReader.builder()
              .fieldSeparator(separator(text))
              .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
              .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
              .allowUnclosedQuote(false)
              .ofCsvRecord(text);
    } catch (IOException e) {
      throw DataFile.unreadable(file, e);
    }
    records = reader.iterator();
    first = read();
    if (first == null) {
      throw new DataException(file + ": is empty; a table needs rows of numbers");
    }
    second = read();
    this.header = header == null ? looksLikeHeader(label) : header;
    nameColumns();
  }

  boolean hasHeader() {
    return header;
  }

  /** Returns the header's names, or the numbers of the columns from 1. */
  List<String> names() {
    return names;
  }

  /**
   * Returns the place of a column.
   *
   * @throws DataException if there is none of that name
   */
  int column(String name) {
    int column = names.indexOf(name);
    if (column < 0 && header) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: no column is named %s; the nearest name is %s",
              file,
              Spelling.quote(name),
              Spelling.quote(Spelling.nearest(name, names))));
    }
    if (column < 0) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: no column is named %s, because no header was found; name a column by its number,"
                  + " 1 to %d",
              file,
              Spelling.quote(name),
              names.size()));
    }
    return column;
  }

  /** Goes to the next row of data; returns false if there is none. */
  boolean next() {
    record = first != null ? first : second != null ? second : read();
    if (first != null) {
      first = null;
    } else {
      second = null;
    }
    if (record != null && record.getFieldCount() != names.size()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s line %d: %d values, expected %d as in the first line; correct the line",
              file,
              line(),
              record.getFieldCount(),
              names.size()));
    }
    return record != null;
  }

  /** Returns the number of the line on which the current record starts, from 1. */
  long line() {
    return record.getStartingLineNumber();
  }

  /** Returns a cell of the current record, without the white space around it. */
  String text(int column) {
    return record.getField(column).strip();
  }

  /**
   * Returns a cell of the current record as a finite number.
   *
   * @throws DataException if it is none
   */
  float number(int column) {
    String cell = text(column);
    float value = Decimal.isNumber(cell) ? Decimal.toFloat(cell) : Float.NaN;
    if (!Float.isFinite(value)) {
      throw wrong(line(), column, notFinite(cell));
    }
    return value;
  }

  /** Returns what to say of a cell that is no finite number of single precision. */
  static String notFinite(String cell) {
    if (cell.isEmpty()) {
      return "the cell is empty, a number is expected; fill it in or remove the row";
    }
    if (Decimal.isNonFinite(cell)) {
      return Spelling.quote(cell) + " is not finite; replace it or remove the row";
    }
    if (Decimal.isNumber(cell)) {
      return Spelling.quote(cell) + " is beyond the range of single precision; rescale the column";
    }
    return Spelling.quote(cell)
        + " is text in a column of numbers; correct it, or encode the column as numbers";
  }

  /** Returns an exception that names a cell. */
  DataException wrong(long line, int column, String what) {
    String name = header ? " " + Spelling.quote(names.get(column)) : "";
    return new DataException(
        String.format(
            Locale.ROOT, "%s line %d, column %d%s: %s", file, line, column + 1, name, what));
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw DataFile.unreadable(file, e);
    }
  }

  private CsvRecord read() {
    try {
      return records.hasNext() ? records.next() : null;
    } catch (UncheckedIOException e) {
      throw DataFile.unreadable(file, e.getCause());
    } catch (CsvParseException e) {
      throw new DataException(
          file + ": is no CSV text: " + e.getMessage() + "; check quotes and separators", e);
    }
  }

  /** Skips a byte order mark and returns the separator: a comma if the first line has one. */
  private static char separator(BufferedReader text) throws IOException {
    text.mark(1);
    if (text.read() != BYTE_ORDER_MARK) {
      text.reset();
    }
    text.mark(PEEK);
    char[] start = new char[PEEK / 2];
    int n = 0;
    for (int more = 0; more >= 0 && n < start.length; n += Math.max(0, more)) {
      more = text.read(start, n, start.length - n);
    }
    text.reset();
    boolean quoted = false;
    char found = ',';
    for (int i = 0; i < n && (quoted || (start[i] != '\n' && start[i] != '\r')); i++) {
      quoted ^= start[i] == '"';
      if (!quoted && start[i] == ',') {
        return ',';
      }
      if (!quoted && (start[i] == ';' || start[i] == '\t') && found == ',') {
        found = start[i];
      }
    }
    return found;
  }

  /**
   * A header holds names, of which at least one stands above a number. Some tools name columns by
   * their numbers, from 0 or 1; a few of these pass too. Any other number makes the line a row with
   * a mistake in it, which is better reported than lost.
   */
  private boolean looksLikeHeader(String label) {
    boolean above = false;
    int numbers = 0;
    int fromZero = 0;
    int fromOne = 0;
    for (int c = 0; c < first.getFieldCount(); c++) {
      String cell = first.getField(c).strip();
      boolean number = Decimal.isNumber(cell);
      if (label != null && cell.equals(label) && !number) {
        return true;
      }
      if (Decimal.isNonFinite(cell)) {
        return false;
      }
      numbers += number ? 1 : 0;
      fromZero += cell.equals(Integer.toString(c)) ? 1 : 0;
      fromOne += cell.equals(Integer.toString(c + 1)) ? 1 : 0;
      above |= !number && (second == null || isNumber(second, c));
    }
    boolean numbered = numbers >= FEWEST_NUMBERED && (fromZero == numbers || fromOne == numbers);
    return above && (numbers == 0 || (numbered && second != null));
  }

  private static boolean isNumber(CsvRecord record, int column) {
    return column < record.getFieldCount() && Decimal.isNumber(record.getField(column).strip());
  }

  private void nameColumns() {
    Map<String, Integer> places = new HashMap<>();
    for (int c = 0; c < first.getFieldCount(); c++) {
      String name = header ? first.getField(c).strip() : Integer.toString(c + 1);
      names.add(name);
      Integer earlier = places.putIfAbsent(name, c + 1);
      if (name.isEmpty()) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s line %d, column %d: the header gives no name; name the column, or remove it if"
                    + " it only counts rows",
                file,
                first.getStartingLineNumber(),
                c + 1));
      }
      if (earlier != null) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s line %d: the header names columns %d and %d both %s; rename one",
                file,
                first.getStartingLineNumber(),
                earlier,
                c + 1,
                Spelling.quote(name)));
      }
    }
    if (header) {
      first = second;
      second = null;
    }
  }
}
