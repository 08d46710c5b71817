package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** One file by two names is one file, and what cannot be written is refused before the work. */
@DisabledOnOs(OS.WINDOWS)
class PlacesTest {
  private static final List<String> OUTPUTS =
      List.of("--save", "--checkpoint", "--json", "--report", "--monitor");

  @TempDir private Path folder;
  private Path table;
  private Path there;

  @BeforeEach
  void prepare() throws IOException {
    table = Samples.trees(folder, "trees.csv", 60);
    there = Samples.write(folder.resolve("there"), "mine");
    Files.createDirectory(folder.resolve("sub"));
    Files.createSymbolicLink(folder.resolve("way"), folder);
    Files.createSymbolicLink(folder.resolve("link"), there);
    Files.createSymbolicLink(folder.resolve("ahead"), Path.of("new"));
    Files.createSymbolicLink(folder.resolve("nowhere"), Path.of("none/new"));
    Files.createLink(folder.resolve("hard"), there);
  }

  /** Returns other ways to write the name of a file in the folder. */
  private List<Path> names(String name) {
    return List.of(
        folder.resolve(name),
        Path.of(folder + "/./" + name),
        Path.of(folder + "/sub/../" + name),
        folder.resolve("way").resolve(name));
  }

  private void refused(String part, Object... more) {
    List<String> before = Samples.list(folder);
    List<Object> words = new ArrayList<>(List.of("train", table, "--hidden", 4, "--epochs", 1));
    words.addAll(Arrays.asList(more));
    Run run = Run.of(words.toArray());
    assertEquals(2, run.status(), words + run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), "'" + part + "' is not in: " + run.err());
    assertEquals("", run.out());
    assertEquals(before, Samples.list(folder));
    assertEquals(List.of("mine"), Samples.lines(there));
  }

  @Test
  void twoOutputsAreNotOneFile() {
    for (int i = 0; i < OUTPUTS.size(); i++) {
      for (int j = i + 1; j < OUTPUTS.size(); j++) {
        Object[] first = {OUTPUTS.get(i), folder.resolve("new"), OUTPUTS.get(j), null};
        List<Path> others = new ArrayList<>(names("new"));
        others.add(folder.resolve("ahead"));
        for (Path name : others) {
          first[3] = name;
          refused("both name it; name two files", first);
        }
        first[1] = there;
        for (String name : List.of("there", "link", "hard", "way/hard")) {
          first[3] = folder.resolve(name);
          refused("both name it; name two files", first);
        }
      }
    }
  }

  @Test
  void anOutputIsNoInput() throws IOException {
    Path hard = Files.createLink(folder.resolve("table"), table);
    List<Path> names = new ArrayList<>(names("trees.csv"));
    names.add(hard);
    for (String output : OUTPUTS) {
      for (Path name : names) {
        refused("it is an input of this command", output, name);
      }
    }
    Path model = folder.resolve("model");
    Run.done("train", table, "--hidden", 4, "--epochs", 1, "--save", model, "--quiet");
    byte[] before = Samples.read(model);
    for (Path name : names("model")) {
      for (List<Object> words :
          List.<List<Object>>of(
              List.of("predict", model, table, "--out", name),
              List.of("predict", table, table, "--out", hard),
              List.of("evaluate", model, table, "--json", name),
              List.of("fold", model, "--save", name),
              List.of("range", hard, "--csv", table),
              List.of("preflight", hard, "--json", table),
              List.of("train", table, "--load", model, "--json", name),
              List.of("train", table, "--load", model, "--checkpoint", name))) {
        Run run = Run.of(words.toArray());
        assertEquals(2, run.status(), words + run.err());
        assertTrue(run.err().contains("it is an input of this command"), words + run.err());
      }
    }
    assertTrue(Arrays.equals(before, Samples.read(model)));
    // A model may take the place of the one that it goes on from.
    Run.done("train", table, "--load", model, "--epochs", 1, "--save", model, "--quiet");
    Path images = Samples.images(folder.resolve("idx"), 40, 20, 4);
    Path read = images.resolve("t10k-labels-idx1-ubyte");
    Run run = Run.of("train", images, "--hidden", 4, "--epochs", 1, "--json", read);
    assertTrue(run.err().contains("it is an input of this command"), run.err());
    Path checkpoint = folder.resolve("checkpoint");
    Object[] settings = {"train", table, "--hidden", 4, "--epochs", 1, "--quiet"};
    List<Object> words = new ArrayList<>(Arrays.asList(settings));
    words.addAll(List.of("--checkpoint", checkpoint));
    Run.done(words.toArray());
    words.addAll(List.of("--resume", folder.resolve("way/checkpoint")));
    Run.done(words.toArray());
    words.set(words.indexOf(checkpoint), folder.resolve("second"));
    words.addAll(List.of("--save", checkpoint));
    run = Run.of(words.toArray());
    assertTrue(run.err().contains("it is an input of this command"), run.err());
  }

  @Test
  void aLinkStaysOneAndIsWrittenThrough() {
    Path real = folder.toAbsolutePath();
    Path ahead = folder.resolve("ahead");
    Run.done("train", table, "--hidden", 4, "--epochs", 1, "--quiet", "--save", ahead);
    assertTrue(Files.isSymbolicLink(ahead));
    assertTrue(Files.isRegularFile(real.resolve("new")));
    refused("there is no directory", "--save", folder.resolve("nowhere"));
    refused("there is no directory", "--checkpoint", folder.resolve("nowhere"));
    refused("it is a directory", "--save", folder.resolve("way"));
  }

  @Test
  void aDiskWithoutRoomIsRefused() {
    OutputFile file = new OutputFile("--save", folder.resolve("new"));
    file.requireRoom(1);
    String said = assertThrows(BadInput.class, () -> file.requireRoom(1L << 60)).getMessage();
    assertTrue(said.contains("are left there; make room"), said);
  }
}
