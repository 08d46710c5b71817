package fathom.train;

import fathom.data.DataException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a training is told at its beginning, and its steps depend on, as text to compare. */
final class Settings {
  private Settings() {}

  /** Returns what a training is told at its beginning, and its steps depend on. */
  static Map<String, String> of(Trainer trainer, EarlyStopping stopping) {
    Recovery recovery = trainer.recovery();
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put(Checkpoint.PREFIX + ".layers", trainer.network().architecture().toString());
    settings.put(Checkpoint.PREFIX + ".seed", Long.toString(trainer.network().seed()));
    settings.put(Checkpoint.PREFIX + ".loss", trainer.loss().describe());
    settings.put(Checkpoint.PREFIX + ".optimizer", trainer.state().optimizer().toString());
    settings.put(Checkpoint.PREFIX + ".clipping", trainer.state().clipping().toString());
    settings.put(Checkpoint.PREFIX + ".constraint", trainer.constraint().toString());
    settings.put(
        Checkpoint.PREFIX + ".rollback",
        recovery == null ? "none" : recovery.rollback().toString());
    settings.put(
        Checkpoint.PREFIX + ".early_stopping",
        stopping == null ? "none" : "patience " + stopping.patience());
    return settings;
  }

  /**
   * Compares a training with one that a file tells of.
   *
   * @throws DataException if they differ
   */
  static void requireSame(
      Path file, Map<String, String> metadata, Trainer trainer, EarlyStopping stopping) {
    of(trainer, stopping)
        .forEach(
            (key, here) -> {
              if (!here.equals(metadata.get(key))) {
                String what = key.substring(Checkpoint.PREFIX.length() + 1).replace('_', ' ');
                throw differs(file, what, String.valueOf(metadata.get(key)), here);
              }
            });
  }

  private static DataException differs(Path file, String what, String there, String here) {
    String[] theirs = there.split(" ", -1);
    String[] ours = here.split(" ", -1);
    int i = 0;
    while (i < Math.min(theirs.length, ours.length) - 1 && theirs[i].equals(ours[i])) {
      i++;
    }
    String place = what.equals("layers") ? " (at word " + (i + 1) + " of the architecture)" : "";
    boolean whole = place.isEmpty();
    return new DataException(
        String.format(
            "%s: was written with %s %s, and this training has %s%s; go on with what it was written"
                + " with",
            file, what, whole ? there : theirs[i], whole ? here : ours[i], place));
  }
}
