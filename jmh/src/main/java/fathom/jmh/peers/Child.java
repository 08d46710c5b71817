package fathom.jmh.peers;

import java.io.PrintStream;

/** A JVM of a comparison: one system, one group of disciplines, one round. */
public final class Child {
  private static final int SYSTEM = 0;
  private static final int GROUP = 1;
  private static final int THREADS = 2;
  private static final int SECONDS = 3;
  private static final int SAMPLES = 4;

  private Child() {}

  /** Takes the contender's class, the group, the threads, a sample's seconds and their number. */
  public static void main(String[] args) throws ReflectiveOperationException {
    PrintStream out = System.out;
    int threads = Integer.parseInt(args[THREADS]);
    Contender contender =
        Class.forName(args[SYSTEM])
            .asSubclass(Contender.class)
            .getConstructor(int.class)
            .newInstance(threads);
    try {
      for (Discipline discipline : Discipline.named(args[GROUP])) {
        Job job = contender.prepare(discipline);
        if (discipline.kind() == Discipline.Kind.START) {
          job.run();
          out.println(Round.firstStep());
        } else {
          time(
              discipline,
              job,
              Double.parseDouble(args[SECONDS]),
              Integer.parseInt(args[SAMPLES]),
              out);
        }
      }
      out.println(Round.about(contender.about()));
    } catch (UnsupportedOperationException e) {
      out.println(Round.unavailable(e.getMessage()));
    }
    out.flush();
    // Libraries of peers leave threads behind that would keep the JVM.
    System.exit(0);
  }

  private static void time(
      Discipline discipline, Job job, double seconds, int samples, PrintStream out) {
    double loss = Proof.of(discipline, job);
    Stopwatch stopwatch = new Stopwatch(job, discipline.kind(), seconds);
    Round round =
        discipline.kind() == Discipline.Kind.INFER
            ? stopwatch.measureCalls(discipline.name(), samples)
            : stopwatch.measure(discipline.name(), samples, loss);
    out.println(round.toLine());
  }
}
