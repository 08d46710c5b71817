package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command in a process of its own, which can be sent signals.
 *
 * @param err what it writes to standard error
 */
record Child(Process process, Path err) {
  /**
   * Starts a command, which draws a bar as if somebody watched.
   *
   * @param folder for what it writes
   */
  static Child start(Path folder, Object... words) throws IOException {
    return start(folder, folder.resolve("out"), List.of(), words);
  }

  /**
   * Starts a command whose standard output is a device.
   *
   * @param folder for what it writes to standard error
   */
  static Child startInto(Path device, Path folder, Object... words) throws IOException {
    return start(folder, device, List.of(), words);
  }

  /**
   * Starts a command whose files may not pass a size, as if the disk were full then.
   *
   * @param blocks of 512 bytes or 1,024, as shells differ
   */
  static Child startWithRoomFor(int blocks, Path folder, Object... words) throws IOException {
    String limited = "ulimit -f " + blocks + " && exec \"$@\"";
    return start(folder, folder.resolve("out"), List.of("sh", "-c", limited, "sh"), words);
  }

  /** Starts a command whose standard output the caller reads. */
  static Child piped(Path folder, Object... words) throws IOException {
    return start(folder, null, List.of(), words);
  }

  private static Child start(Path folder, Path out, List<String> before, Object... words)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    // What a shell in the background starts ignores Ctrl-C, and so would what the test starts.
    if (canReset()) {
      command.addAll(List.of("env", "--default-signal=INT"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-XX:+UseSerialGC"));
    // A file of the machine's own.
    command.add("-XX:-UsePerfData");
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("-Dfathom.terminal=true", Main.class.getName()));
    for (Object word : words) {
      command.add(word.toString());
    }
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out == null ? Redirect.PIPE : Redirect.to(out.toFile()))
            .redirectError(err.toFile())
            .start();
    return new Child(process, err);
  }

  private static boolean canReset() {
    try {
      return new ProcessBuilder("env", "--default-signal=INT", "true").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Sends a signal and waits for the end.
   *
   * @param signal as kill takes it, INT being Ctrl-C
   * @return the exit status
   */
  int end(String signal) throws IOException, InterruptedException {
    if (process.isAlive()) {
      String id = Long.toString(process.pid());
      Process kill = new ProcessBuilder("kill", "-" + signal, id).start();
      int sent = kill.waitFor();
      assertEquals(0, process.isAlive() ? sent : 0);
    }
    return process.waitFor();
  }

  /** Waits for the end, and returns what it says but for Java's own warning. */
  List<String> lines() throws InterruptedException {
    int unused = process.waitFor();
    return said().lines().filter(line -> !line.startsWith("WARNING: Using incub")).toList();
  }

  String said() {
    return new String(Samples.read(err), StandardCharsets.UTF_8);
  }
}
