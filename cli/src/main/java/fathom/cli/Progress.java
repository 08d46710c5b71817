package fathom.cli;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far training is: a live bar below the lines of the epochs on a terminal, else plain
 * lines, so that a log can be read.
 */
abstract class Progress implements AutoCloseable {
  /** Notes that a step is done, of which the epoch has {@code batches}. */
  abstract void step(int epoch, int batch, int batches, double loss);

  /** Notes that part of the work is done, in the steps of the whole, and how things stand. */
  abstract void advance(long steps, String message);

  /** Prints what came out of an epoch. */
  abstract void line(String text);

  /** Leaves the cursor on a line of its own. */
  @Override
  public abstract void close();

  /** Returns a live bar over all steps. */
  static Progress bar(PrintWriter err, long steps) {
    return bar(err, "training", steps);
  }

  /** As {@link #bar(PrintWriter, long)}, for another work than training. */
  static Progress bar(PrintWriter err, String work, long steps) {
    return new Bar(err, work, steps);
  }

  /** Returns plain lines: those of the epochs, and in long epochs one now and then. */
  static Progress lines(PrintWriter err, long pauseMillis) {
    return new Lines(err, pauseMillis);
  }

  /** Returns what shows nothing. */
  static Progress silent() {
    return new Silent();
  }

  private static final class Silent extends Progress {
    @Override
    void step(int epoch, int batch, int batches, double loss) {
      // Nobody watches.
    }

    @Override
    void advance(long steps, String message) {
      // Nobody watches.
    }

    @Override
    void line(String text) {
      // Nobody reads.
    }

    @Override
    public void close() {
      // Nothing was shown.
    }
  }

  private static final class Lines extends Progress {
    private final PrintWriter err;
    private final long pause;
    private long last = System.nanoTime();

    Lines(PrintWriter err, long pauseMillis) {
      this.err = err;
      pause = pauseMillis * 1_000_000;
    }

    @Override
    void step(int epoch, int batch, int batches, double loss) {
      long now = System.nanoTime();
      if (now - last >= pause && batch < batches) {
        last = now;
        line(
            String.format(
                Locale.ROOT, "epoch %d: step %,d of %,d, loss %.4f", epoch, batch, batches, loss));
      }
    }

    @Override
    void advance(long steps, String message) {
      if (System.nanoTime() - last >= pause) {
        line(message);
      }
    }

    @Override
    void line(String text) {
      err.println(text);
      err.flush();
      last = System.nanoTime();
    }

    @Override
    public void close() {
      err.flush();
    }
  }

  /** Draws on a thread of the library's; both threads write under one lock. */
  private static final class Bar extends Progress implements ProgressBarConsumer {
    private static final int WIDTH = 79;
    private static final int MESSAGE_MILLIS = 100;

    private final PrintWriter err;
    private final ProgressBar bar;
    private int drawn;
    private long lastMessage;
    private boolean closed;

    Bar(PrintWriter err, String work, long steps) {
      this.err = err;
      bar =
          new ProgressBarBuilder()
              .setTaskName(work)
              .setInitialMax(steps)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(MESSAGE_MILLIS)
              .setConsumer(this)
              .build();
    }

    @Override
    void step(int epoch, int batch, int batches, double loss) {
      bar.step();
      long now = System.nanoTime();
      if (now - lastMessage > MESSAGE_MILLIS * 1_000_000L) {
        lastMessage = now;
        bar.setExtraMessage(String.format(Locale.ROOT, " epoch %d loss %.4f", epoch, loss));
      }
    }

    @Override
    void advance(long steps, String message) {
      bar.stepBy(steps);
      bar.setExtraMessage(" " + message);
    }

    @Override
    void line(String text) {
      synchronized (err) {
        erase();
        err.println(text);
        err.flush();
      }
    }

    @Override
    public int getMaxRenderedLength() {
      return WIDTH;
    }

    @Override
    public void accept(String text) {
      synchronized (err) {
        if (!closed) {
          erase();
          err.print(text);
          err.flush();
          drawn = text.length();
        }
      }
    }

    private void erase() {
      if (drawn > 0) {
        err.print('\r' + " ".repeat(drawn) + '\r');
        drawn = 0;
      }
    }

    /** The library closes its consumer when the bar is closed, hence the guard. */
    @Override
    public void close() {
      synchronized (err) {
        if (closed) {
          return;
        }
        closed = true;
        erase();
        err.flush();
      }
      bar.close();
    }
  }
}
