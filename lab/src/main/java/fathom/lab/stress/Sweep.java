package fathom.lab.stress;

import fathom.engine.Engine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A trial of many cells, some side by side: each worker has a thread and an engine of its own, and
 * takes the next cell when it is done with one. Findings do not depend on the number of workers,
 * only the order in which they come.
 */
public final class Sweep {
  private final Trial trial;
  private final List<GridCell> cells;

  /** Who is told of findings, by one worker at a time. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Takes what came out of a cell.
     *
     * @param cost the share of the sweep's work that this was
     */
    void found(Finding finding, double cost);
  }

  /**
   * Plans a sweep.
   *
   * @param cells all of the grid
   * @param found what an earlier sweep has found of it, which is not repeated
   */
  public Sweep(Trial trial, List<GridCell> cells, List<Finding> found) {
    this.trial = trial;
    Set<String> done = new HashSet<>();
    found.forEach(finding -> done.add(finding.cell()));
    this.cells = cells.stream().filter(cell -> done.add(cell.toString())).toList();
  }

  /** Returns the cells that are left to do. */
  public List<GridCell> cells() {
    return cells;
  }

  /** Returns how many of the cells left to do would be best at work at once. */
  public int workers(int threads) {
    return Math.max(1, Math.min(threads, cells.size()));
  }

  /**
   * Runs all cells that are left to do; returns when the last worker has ended.
   *
   * @param workers how many at once
   * @param engines makes an engine for each, which this closes
   * @param listener who is told
   * @param stopped asked between steps; whatever is under way when it says so is given up
   * @return whether all cells are done
   */
  public boolean run(
      int workers, Supplier<Engine> engines, Listener listener, BooleanSupplier stopped) {
    double all = cells.stream().mapToDouble(trial::cost).sum();
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean givenUp = new AtomicBoolean();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    BooleanSupplier ending = () -> stopped.getAsBoolean() || failure.get() != null;
    Runnable worker =
        () -> {
          try (Engine engine = engines.get()) {
            for (int i = next.getAndIncrement(); i < cells.size(); i = next.getAndIncrement()) {
              Finding finding =
                  ending.getAsBoolean() ? null : trial.run(cells.get(i), engine, ending);
              if (finding == null) {
                givenUp.set(true);
                return;
              }
              synchronized (listener) {
                listener.found(finding, trial.cost(cells.get(i)) / all);
              }
            }
          } catch (Throwable t) {
            boolean unused = failure.compareAndSet(null, t);
          }
        };
    List<Thread> threads = new ArrayList<>();
    for (int i = 1; i < workers; i++) {
      threads.add(Thread.ofPlatform().name("fathom-sweep-" + i).start(worker));
    }
    worker.run();
    threads.forEach(Sweep::join);
    rethrow(failure.get());
    return !givenUp.get();
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void rethrow(Throwable t) {
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    if (t != null) {
      throw new IllegalStateException(t);
    }
  }
}
