package fathom.engine;

import fathom.blas.Blas;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * The engine's threads. All members run one program together, each its share, and meet at barriers;
 * the caller is member 0, so a crew of n owns n - 1 threads. They start at the first use, spin
 * briefly for the next program, then park; {@link #close} ends them.
 *
 * <p>Shares are cut by {@link Member} from counts that depend on shapes alone, so that results do
 * not depend on the number of members. That is also why a caller that finds the crew at work for
 * somebody else need not wait: it runs the whole program on its own thread, as a crew of one. And
 * it is why a crew on a machine whose cores are taken by others stops insisting: when the caller
 * has spent much of a program waiting for members that were not given a core, the next programs run
 * alone, and the crew meets again later.
 */
final class Crew implements AutoCloseable {
  private static final int SPINS_BEFORE_PARKING = 20_000;
  private static final int SPINS_BEFORE_YIELDING = 2_000;

  /** The share of a program that a caller may spend waiting before the crew counts as strained. */
  private static final double STRAIN = 0.4;

  /** The longest time for which a strained crew does not meet. */
  private static final long MOST_ALONE = 1_000_000_000;

  private static final VarHandle BUSY;
  private static final VarHandle ARRIVED;
  private static final VarHandle RUNNING;
  private static final VarHandle PARKED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      BUSY = lookup.findVarHandle(Crew.class, "busy", boolean.class);
      ARRIVED = lookup.findVarHandle(Crew.class, "arrived", int.class);
      RUNNING = lookup.findVarHandle(Crew.class, "running", int.class);
      PARKED = lookup.findVarHandle(Crew.class, "parked", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Blas blas;
  private final Member[] members;
  private final Member alone = new Member(null, 0, 1);
  private final Thread[] threads;
  private int started;
  private volatile boolean busy;
  private volatile boolean closed;
  private volatile int arrived;
  private volatile int phase;
  private volatile int running;
  private volatile int parked;
  private volatile int round;
  private volatile Throwable failure;
  private Task program;

  // What only the holder of busy touches, or whoever runs alone for a while, where a lost count
  // does no harm.
  private long waited;
  private int strains;
  private long restFrom;
  private long rest;

  Crew(Blas blas, int size) {
    this.blas = blas;
    members = new Member[size];
    threads = new Thread[size - 1];
    for (int i = 0; i < size; i++) {
      members[i] = new Member(this, i, size);
    }
  }

  int size() {
    return members.length;
  }

  /** Runs a program on the calling thread alone. */
  void runAlone(Task p) {
    perform(p, alone);
  }

  /**
   * Runs a program on all members and returns when the last is done; alone, if the crew is at work.
   * What a member throws ends the program for all and is thrown here.
   */
  void run(Task p) {
    if (members.length == 1 || closed || rests()) {
      perform(p, alone);
      return;
    }
    if (!BUSY.compareAndSet(this, false, true)) {
      perform(p, alone);
      return;
    }
    try {
      // Whoever closed the crew since the first look has left nobody to wait for.
      if (!closed) {
        runTogether(p);
        return;
      }
    } finally {
      busy = false;
    }
    perform(p, alone);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate")
  private void runTogether(Task p) {
    long start = System.nanoTime();
    waited = 0;
    startThreads();
    program = p;
    failure = null;
    arrived = 0;
    running = members.length - 1;
    round = round + 1; // the holder of busy is the only writer
    if (parked > 0) {
      for (Thread t : threads) {
        LockSupport.unpark(t);
      }
    }
    work(members[0]);
    awaitMembers();
    program = null;
    judge(System.nanoTime() - start);
    rethrow(failure);
  }

  private void awaitMembers() {
    long since = 0;
    for (int spins = 0; running > 0; spins++) {
      if (spins == SPINS_BEFORE_YIELDING) {
        since = System.nanoTime();
      }
      relax(spins);
    }
    waited += since == 0 ? 0 : System.nanoTime() - since;
  }

  private boolean rests() {
    if (rest > 0 && System.nanoTime() - restFrom >= rest) {
      rest = 0;
    }
    return rest > 0;
  }

  /**
   * Decides whether the cores are ours. After a strained program, programs run alone for as long as
   * the caller had to wait, and twice as long after each meeting that is strained again: a hiccup
   * costs little, and so does asking again where cores are taken for good.
   */
  private void judge(long nanos) {
    if (waited > STRAIN * nanos) {
      rest = Math.min(MOST_ALONE, waited << Math.min(strains, 30));
      restFrom = System.nanoTime();
      strains++;
    } else {
      strains = 0;
    }
  }

  /** Waits until all members have come here. */
  void barrier(Member member) {
    int now = phase;
    if ((int) ARRIVED.getAndAdd(this, 1) + 1 == members.length) {
      arrived = 0;
      phase = now + 1;
      return;
    }
    long since = 0;
    for (int spins = 0; phase == now; spins++) {
      if (failure != null) {
        throw new AbandonedException();
      }
      if (spins == SPINS_BEFORE_YIELDING) {
        since = System.nanoTime();
      }
      relax(spins);
    }
    if (since != 0 && member.index() == 0) {
      waited += System.nanoTime() - since;
    }
  }

  /** Runs a member's share with the library kept on the member's own thread. */
  private void perform(Task p, Member member) {
    int token = blas.enter();
    try {
      p.share(member);
    } finally {
      blas.leave(token);
    }
  }

  private void work(Member member) {
    try {
      perform(program, member);
    } catch (AbandonedException e) {
      // The member that failed has left its own account.
    } catch (Throwable t) {
      failure = t;
    }
  }

  /**
   * Starts the threads that are not there yet. Where the system refuses one, those before it wait
   * for a later program: two threads must never serve one member.
   */
  private void startThreads() {
    int seen = round;
    for (; started < threads.length; started++) {
      Member member = members[started + 1];
      Thread thread = newThread(() -> serve(member, seen), "fathom-" + member.index());
      thread.start();
      threads[started] = thread;
    }
  }

  /**
   * The caller's thread locals and class loader are not ours to keep: he may be gone long before.
   */
  private static Thread newThread(Runnable work, String name) {
    Thread thread = new Thread(null, work, name, 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(Crew.class.getClassLoader());
    return thread;
  }

  private void serve(Member member, int firstRound) {
    int seen = firstRound;
    while (true) {
      for (int spins = 0; round == seen; spins++) {
        if (closed) {
          return;
        }
        if (spins < SPINS_BEFORE_PARKING) {
          Thread.onSpinWait();
        } else {
          PARKED.getAndAdd(this, 1);
          if (round == seen && !closed) {
            LockSupport.park(this);
          }
          PARKED.getAndAdd(this, -1);
        }
      }
      seen = round;
      work(member);
      RUNNING.getAndAdd(this, -1);
    }
  }

  /** Spins for the usual short wait; beyond it, lets whoever holds the core get on. */
  @SuppressWarnings("ThreadPriorityCheck")
  private static void relax(int spins) {
    if (spins < SPINS_BEFORE_YIELDING) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
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

  /** Ends the threads and waits for them. Must not be called from a program. */
  @SuppressWarnings("ThreadPriorityCheck")
  @Override
  public void close() {
    boolean interrupted = false;
    while (!BUSY.compareAndSet(this, false, true)) {
      Thread.yield();
    }
    closed = true;
    for (; started > 0; started--) {
      Thread t = threads[started - 1];
      LockSupport.unpark(t);
      while (true) {
        try {
          t.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    busy = false;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Leads a member out of a program that another member has ended by an exception. */
  private static final class AbandonedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AbandonedException() {
      super(null, null, false, false);
    }
  }
}
