package fathom.matrix;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * All orders in which a few threads can run through a lock's code, up to a number of preemptions
 * (Musuvathi and Qadeer 2007). One thread runs at a time; at each access to a shared field, another
 * may go on in its place. Classes are loaded anew, with a call of {@link #point} before each such
 * access, and with calls of this class in place of those that park and lock. Nobody who parks wakes
 * before he is woken, however long he was to sleep.
 */
public final class Interleavings extends ClassLoader {
  private static final ClassDesc HERE = Interleavings.class.describeConstable().orElseThrow();
  private static final Set<String> SHARED = Set.of("keeper", "awaited", "reader", "state");

  /** The exploration under way: one at a time. */
  private static Interleavings now;

  /** Somebody's turn to decide: which of how many was taken. */
  private record Choice(int taken, int options) {}

  /** A thread of an exploration; the same ones run all orders, for a lock may look at their ids. */
  private static final class Walker {
    final int index;
    final Semaphore baton = new Semaphore(0);
    Thread thread;
    Runnable body;
    boolean permit;
    boolean parked;
    ReentrantLock wanted;
    boolean done;

    Walker(int index) {
      this.index = index;
    }

    boolean canRun() {
      return !done && !parked && wanted == null;
    }
  }

  private final List<String> names;
  private final List<Walker> walkers = new ArrayList<>();
  private final Map<Thread, Walker> byThread = new HashMap<>();
  private final Semaphore finished = new Semaphore(0);
  private final List<Choice> path = new ArrayList<>();
  private int depth;
  private int preemptions;
  private int most;
  private String failure;

  /** Loads these classes anew, with those that are nested in them. */
  Interleavings(Class<?>... types) {
    super(types[0].getClassLoader());
    names = Stream.of(types).map(Class::getName).toList();
  }

  /** Some threads' programs, on state of their own for each order. */
  interface Scenario {
    List<Runnable> start();
  }

  /**
   * Runs a scenario in all orders.
   *
   * @param most preemptions in one order
   * @return how many orders there are
   * @throws AssertionError if a program throws, or all who are left wait
   */
  int explore(int most, Scenario scenario) {
    this.most = most;
    now = this;
    path.clear();
    try {
      int orders = 0;
      do {
        run(scenario.start());
        orders++;
        if (failure != null) {
          throw new AssertionError(failure + " in order " + orders + ": " + path);
        }
      } while (backtrack());
      return orders;
    } finally {
      now = null;
    }
  }

  private void run(List<Runnable> bodies) {
    while (walkers.size() < bodies.size()) {
      Walker walker = new Walker(walkers.size());
      walkers.add(walker);
      walker.thread = Thread.ofVirtual().unstarted(() -> serve(walker));
      byThread.put(walker.thread, walker);
      walker.thread.start();
    }
    for (Walker walker : walkers) {
      walker.done = walker.index >= bodies.size();
      walker.body = walker.done ? null : bodies.get(walker.index);
      walker.permit = false;
    }
    depth = 0;
    preemptions = 0;
    goOn(null);
    finished.acquireUninterruptibly();
  }

  private void serve(Walker walker) {
    while (true) {
      walker.baton.acquireUninterruptibly();
      try {
        walker.body.run();
      } catch (Throwable t) {
        failure = "thread " + walker.index + " threw " + t;
        finished.release();
        return;
      }
      walker.done = true;
      goOn(walker);
    }
  }

  /** Takes the next order that was not yet run, depth first. */
  private boolean backtrack() {
    while (!path.isEmpty()) {
      Choice last = path.remove(path.size() - 1);
      if (last.taken + 1 < last.options) {
        path.add(new Choice(last.taken + 1, last.options));
        return true;
      }
    }
    return false;
  }

  /** Lets a walker go on, this one or another; returns when it is this one's turn again. */
  private void goOn(Walker me) {
    List<Walker> able = new ArrayList<>();
    boolean waits = me != null && !me.done;
    boolean mayStay = waits && me.canRun();
    if (mayStay) {
      able.add(me);
    }
    if (!mayStay || preemptions < most) {
      walkers.stream().filter(w -> w != me && w.canRun()).forEach(able::add);
    }
    if (able.isEmpty()) {
      if (!walkers.stream().allMatch(w -> w.done)) {
        failure = "all who are left wait for ever";
      }
      finished.release();
    } else {
      if (depth == path.size()) {
        path.add(new Choice(0, able.size()));
      }
      Walker next = able.get(path.get(depth).taken);
      depth++;
      if (next == me) {
        return;
      }
      preemptions += mayStay ? 1 : 0;
      next.baton.release();
    }
    // From here on others run.
    if (waits) {
      me.baton.acquireUninterruptibly();
    }
  }

  private static Walker walker() {
    return now == null ? null : now.byThread.get(Thread.currentThread());
  }

  /** Lets another thread go on in this one's place. */
  public static void point() {
    Walker me = walker();
    if (me != null) {
      now.goOn(me);
    }
  }

  /** Stands for {@link java.util.concurrent.locks.LockSupport#parkNanos(Object, long)}. */
  public static void parkNanos(Object blocker, long nanos) {
    point();
    Walker me = walker();
    if (!me.permit) {
      me.parked = true;
      now.goOn(me);
    }
    me.permit = false;
  }

  /** Stands for {@link java.util.concurrent.locks.LockSupport#unpark}. */
  public static void unpark(Thread thread) {
    point();
    if (thread != null) {
      Walker other = now.byThread.get(thread);
      other.permit = true;
      other.parked = false;
    }
  }

  /** Stands for {@link ReentrantLock#lock}, in any order. */
  public static void lock(ReentrantLock lock) {
    point();
    while (!lock.tryLock()) {
      Walker me = walker();
      me.wanted = lock;
      now.goOn(me);
    }
  }

  /** Stands for {@link ReentrantLock#unlock}. */
  public static void unlock(ReentrantLock lock) {
    point();
    lock.unlock();
    for (Walker other : now.walkers) {
      if (lock.equals(other.wanted)) {
        other.wanted = null;
      }
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (names.stream().noneMatch(n -> name.equals(n) || name.startsWith(n + "$"))) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      ClassFile file = ClassFile.of();
      byte[] code =
          file.transformClass(
              file.parse(in.readAllBytes()),
              ClassTransform.transformingMethodBodies(Interleavings::rewrite));
      return defineClass(name, code, 0, code.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private static void rewrite(CodeBuilder to, CodeElement element) {
    if (element instanceof FieldInstruction field && SHARED.contains(field.name().stringValue())) {
      to.invokestatic(HERE, "point", ConstantDescs.MTD_void);
    }
    if (element instanceof InvokeInstruction call) {
      String name = call.name().stringValue();
      MethodTypeDesc type = call.typeSymbol();
      if (name.equals("parkNanos") || name.equals("unpark")) {
        to.invokestatic(HERE, name, type);
        return;
      }
      if (name.equals("lock") || name.equals("unlock")) {
        to.invokestatic(HERE, name, type.insertParameterTypes(0, call.owner().asSymbol()));
        return;
      }
      if (name.equals("compareAndSet")) {
        to.invokestatic(HERE, "point", ConstantDescs.MTD_void);
      }
    }
    to.with(element);
  }
}
