package fathom.cli;

import fathom.train.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** How a training outlives its process. */
final class CheckpointOptions {
  private static final Pattern EVERY = Pattern.compile("([1-9][0-9]{0,8})(s?)");
  private static final String USUAL = "60s";
  private static final String SETTING = "option ";
  private static final String DATA = "data";

  /** What the numbers of a training do not depend on, so that it may change on the way. */
  static final Set<String> FREE =
      Set.of(
          "--checkpoint",
          "--checkpoint-every",
          "--resume",
          "--threads",
          "--recompute",
          "--save",
          "--json",
          "--report",
          "--monitor",
          "--monitor-every",
          "--quiet",
          "--debug",
          "--help",
          "--version");

  @Option(
      names = "--checkpoint",
      paramLabel = "FILE",
      description =
          "Keep the training in this file, so that it can go on: now and then, at its end, and when"
              + " it is stopped by Ctrl-C or SIGTERM, which finish the step first (exit status 130"
              + " or 143).")
  private Path file;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS|SECONDSs",
      description =
          "How often: after so many steps, or seconds as in 30s; " + USUAL + " unless given.")
  private String every;

  @Option(
      names = "--resume",
      paramLabel = "FILE",
      description =
          "Go on from a checkpoint: repeat the command that wrote it, and add this. Whatever bears on"
              + " the numbers must be the same; --threads and outputs may differ. Goes on to write"
              + " the file, unless --checkpoint names another.")
  private Path resume;

  private OutputFile output;

  /** Checks what can be checked before there are data. */
  void check(Integer folds) {
    if (file == null && resume == null) {
      if (every != null) {
        throw new BadInput("--checkpoint-every is for trainings with --checkpoint; give both");
      }
      return;
    }
    if (folds != null) {
      throw new BadInput("--folds trains many networks; leave out --checkpoint and --resume");
    }
    if (every != null && !EVERY.matcher(every).matches()) {
      throw new BadInput(
          "--checkpoint-every must be steps, such as 500, or seconds, such as 30s, not " + every);
    }
    if (resume != null) {
      Checkpoint.Progress unused = Checkpoint.progress(resume);
    }
    output = new OutputFile("--checkpoint", target()).requireRegular();
  }

  /** Returns the file that the training is kept in, or null. */
  OutputFile file() {
    return output;
  }

  /** Returns the checkpoint that is read and not written again, or null. */
  Path input() {
    return resume == null || output.isAt(resume) ? null : resume;
  }

  private Path target() {
    return file == null ? resume : file;
  }

  /**
   * Returns what keeps a training.
   *
   * @param ending who knows when to stop
   * @param spec the command with all its settings
   * @param watch whose file is written along with a checkpoint, and goes on with it
   * @param told where it is told what that file lacks
   * @throws BadInput if the checkpoint to go on from is of another training, or another one writes
   *     to it
   */
  Checkpoints open(
      Ending ending,
      CommandSpec spec,
      TrainingData rows,
      MonitorOptions watch,
      Consumer<String> told) {
    if (target() == null) {
      return Checkpoints.none(ending);
    }
    LockFile lock = LockFile.beside(file == null ? "--resume" : "--checkpoint", output.path());
    try {
      Map<String, String> settings = settings(spec, rows);
      if (resume != null) {
        Map<String, String> notes = Checkpoint.progress(resume).notes();
        requireSame(settings, notes);
        watch.goOn(notes, told);
      }
      Matcher often = EVERY.matcher(every == null ? USUAL : every);
      boolean known = often.matches();
      long number = known ? Long.parseLong(often.group(1)) : 1;
      boolean seconds = often.group(2).equals("s");
      long steps = seconds ? 0 : number;
      return new Checkpoints(ending, output, lock, steps, seconds ? number : 0, resume, settings)
          .alongside(watch::keep);
    } catch (Throwable t) {
      lock.close();
      throw t;
    }
  }

  private static Map<String, String> settings(CommandSpec spec, TrainingData rows) {
    Map<String, String> settings = new TreeMap<>();
    for (OptionSpec option : spec.options()) {
      Object value = option.getValue();
      if (value != null && !FREE.contains(option.longestName())) {
        String text = value instanceof List<?> list ? list.toString() : String.valueOf(value);
        settings.put(SETTING + option.longestName(), text);
      }
    }
    settings.put(
        DATA,
        rows.train().size() + " rows with checksum " + Long.toHexString(rows.train().checksum()));
    return settings;
  }

  private void requireSame(Map<String, String> here, Map<String, String> there) {
    Set<String> keys = new TreeSet<>(here.keySet());
    there.keySet().stream().filter(key -> key.startsWith(SETTING)).forEach(keys::add);
    // An option may be the reason for other data, and says more.
    keys.remove(DATA);
    List<String> all = new ArrayList<>(keys);
    all.add(DATA);
    for (String key : all) {
      String ours = here.get(key);
      String theirs = there.get(key);
      if (ours == null || !ours.equals(theirs)) {
        String name = key.equals(DATA) ? "to train on" : key.substring(SETTING.length());
        throw new BadInput(
            String.format(
                "--resume %s: was written with %s %s, and this command has %s; repeat the command"
                    + " that wrote it",
                resume, name, words(theirs), words(ours)));
      }
    }
  }

  private static String words(String value) {
    return value == null ? "not given" : value;
  }
}
