package fathom.data;

import static fathom.data.TestFiles.assertBad;
import static fathom.data.TestFiles.gzip;
import static fathom.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvErrorsTest {
  private static final Csv.Options GUESS = Csv.Options.guess();

  @TempDir Path folder;

  private Path file(String text) {
    return write(folder.resolve("table.csv"), text.getBytes(StandardCharsets.UTF_8));
  }

  private void assertBadText(String text, String... parts) {
    assertBadText(text, GUESS, parts);
  }

  private void assertBadText(String text, Csv.Options options, String... parts) {
    Path table = file(text);
    String[] all = Arrays.copyOf(parts, parts.length + 1);
    all[parts.length] = table.toString();
    assertBad(() -> Csv.read(table, options), all);
  }

  @Test
  void namesRaggedRows() {
    assertBadText("a,b,c\n1,2,x\n1,x\n", "line 3: 2 values, expected 3");
    assertBadText("1,2,x\n1,2,3,x\n", "line 2: 4 values, expected 3");
    assertBadText("1,2,x\n\n\"a\nb\",2\n", "line 3: 2 values");
  }

  @Test
  void namesBadCells() {
    assertBadText("a,b,c\n1,2,x\n3,hm,y\n", "line 3, column 2 'b': 'hm' is text");
    assertBadText("1,2,x\n3,,y\n", "line 2, column 2: the cell is empty");
    assertBadText("1,2,x\n3, ,y\n", "line 2, column 2: the cell is empty");
    assertBadText("1,2,x\nNaN,4,y\n", "line 2, column 1: 'NaN' is not finite");
    assertBadText("1,2,x\n-inf,4,y\n", "line 2, column 1: '-inf' is not finite");
    assertBadText("1,2,x\n1e39,4,y\n", "line 2, column 1: '1e39' is beyond the range");
    assertBadText("1;5,2\n1,5;2\n", "line 1, column 1: '1;5' is text");
    assertBadText("1,2x,3\n4,5,6\n", "line 1, column 2: '2x' is text");
    assertBadText("1,2\u0000,x\n1,2,y\n", "line 1, column 2: '2 ' is text");
  }

  @Test
  void namesBadLabels() {
    assertBadText("1,a\n2,\n", "line 2, column 2: the cell is empty");
    assertBadText("1,1\n2,nan\n", "line 2, column 2: 'nan' is not finite");
    assertBadText("1,5\n2,6\n3,oops\n", "line 3, column 2: 'oops' is text among numbers", "'5'");
    assertBadText("1,cat\n2,cat\n", "line 1, column 2", "'cat'", "at least two classes");
    assertBadText(
        "a,b\n1,5\n2,oops\n", GUESS.task(Task.REGRESSION), "line 3, column 2 'b': 'oops' is text");
    assertBadText(
        "a,kind\n1,cat\n2,dgo\n",
        GUESS.classNames(List.of("cat", "dog", "cow")),
        "line 3, column 2 'kind': 'dgo' is none of the 3 classes; the nearest is 'dog'");
    assertBadText(
        "1,3\n2,10\n", GUESS.classNames(List.of("1", "2", "3")), "line 2, column 2: '10' is none");
  }

  @Test
  void namesBadHeaders() {
    assertBadText("a,b,a,c\n1,2,3,4\n", "line 1", "columns 1 and 3 both 'a'");
    assertBadText(",a,b\n0,1,2\n", "line 1, column 1", "only counts rows");
    assertBadText("a,b\n", "a header and no rows");
    assertBadText(
        "length,width,kind\n1,2,x\n",
        GUESS.label("knid"),
        "named 'knid'",
        "nearest name is 'kind'");
    assertBadText("1,2,x\n3,4,y\n", GUESS.label("kind"), "'kind'", "no header", "1 to 3");
  }

  @Test
  void namesFilesThatAreNoTables() {
    assertBadText("", "is empty");
    assertBadText("\n\n\n", "is empty");
    assertBadText("1\n2\n", "one column", "separator");
    assertBadText("1,\"2,x\n3,4,y\n", "no CSV text");
    assertBad(() -> Csv.read(folder.resolve("none.csv")), "none.csv: no such file");
    assertBad(() -> Csv.read(folder), "is a directory");
    Path latin = write(folder.resolve("latin.csv"), new byte[] {'1', ',', (byte) 0xE9, '\n'});
    assertBad(() -> Csv.read(latin), "latin.csv: is not UTF-8 text");
    assertBad(() -> Csv.columns(latin), "latin.csv: is not UTF-8 text");
  }

  @Test
  void everyTruncationOfCompressedTextFails() {
    byte[] whole = gzip("a,b,c\n1,2,x\n3,4,y\n5,6,x\n".getBytes(StandardCharsets.UTF_8));
    for (int length = 0; length < whole.length; length++) {
      Path cut = write(folder.resolve("cut.csv.gz"), Arrays.copyOf(whole, length));
      assertBad(() -> Csv.read(cut), "cut.csv.gz");
    }
  }

  @Test
  void longTextIsCutInMessages() {
    String message =
        assertThrows(DataException.class, () -> Csv.read(file("1,2\n" + "x".repeat(9999) + ",2\n")))
            .getMessage();
    assertTrue(message.length() < 300, message);
  }

  @Test
  void tooManyClassesAreRefused() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i <= 1 << 16; i++) {
      text.append("1,").append(i).append('\n');
    }
    assertBadText(
        text.toString(), GUESS.task(Task.CLASSIFICATION), "more than 65536 different labels");
  }

  @Test
  void contradictoryOptionsAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> GUESS.classNames(List.of("a")).task(Task.REGRESSION));
  }
}
