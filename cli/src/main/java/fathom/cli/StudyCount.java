package fathom.cli;

import fathom.lab.preflight.PreflightStudy;
import java.util.Locale;

/** How many networks of a study came as they were foretold. */
final class StudyCount {
  private long trainsAsForetold;
  private long trainsUnforeseen;
  private long failsUnforeseen;
  private long failsAsForetold;
  private long flips;
  private long rightOfSettled;

  void add(PreflightStudy.Case done) {
    if (done.trains()) {
      trainsAsForetold += done.isRight() ? 1 : 0;
      trainsUnforeseen += done.isRight() ? 0 : 1;
    } else {
      failsAsForetold += done.isRight() ? 1 : 0;
      failsUnforeseen += done.isRight() ? 0 : 1;
    }
    flips += done.flips() ? 1 : 0;
    rightOfSettled += done.isRight() && !done.flips() ? 1 : 0;
  }

  private long all() {
    return right() + trainsUnforeseen + failsUnforeseen;
  }

  private long right() {
    return trainsAsForetold + failsAsForetold;
  }

  void print(Report report) {
    report.entry(
        "", String.format(Locale.ROOT, "%20s %20s", "foretold to train", "foretold to fail"));
    report.entry(
        "trains", String.format(Locale.ROOT, "%20d %20d", trainsAsForetold, trainsUnforeseen));
    report.entry(
        "fails", String.format(Locale.ROOT, "%20d %20d", failsUnforeseen, failsAsForetold));
    report.entry("right", share(right(), all()));
    report.entry(
        "again",
        share(all() - flips, all())
            + " of the networks come out alike when they see the rows in another order");
    report.entry("settled", share(rightOfSettled, all() - flips) + " of these were foretold right");
  }

  private static String share(long part, long all) {
    return String.format(Locale.ROOT, "%d of %d, %.1f %%", part, all, 100.0 * part / all);
  }

  JsonObject json() {
    return new JsonObject()
        .put("networks", all())
        .put("right", right())
        .put("train_as_foretold", trainsAsForetold)
        .put("train_unforeseen", trainsUnforeseen)
        .put("fail_unforeseen", failsUnforeseen)
        .put("fail_as_foretold", failsAsForetold)
        .put("alike_again", all() - flips)
        .put("right_of_alike", rightOfSettled);
  }
}
