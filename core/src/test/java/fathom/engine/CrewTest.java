package fathom.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CrewTest {
  /** A task from a lambda, which is all that a test needs. */
  private static Task task(Consumer<Member> share) {
    return new Task() {
      @Override
      protected void share(Member member) {
        share.accept(member);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7})
  void everyBlockIsDoneOnceByContiguousShares(int size) {
    for (int blocks : new int[] {0, 1, 2, 3, 5, 16, 1000, Integer.MAX_VALUE}) {
      int next = 0;
      for (int i = 0; i < size; i++) {
        Member member = new Member(null, i, size);
        assertEquals(next, member.from(blocks), blocks + " blocks, member " + i + " of " + size);
        assertTrue(member.to(blocks) - member.from(blocks) <= blocks / size + 1L);
        next = member.to(blocks);
      }
      assertEquals(blocks, next);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void barriersSeparatePhases(int size) {
    int phases = 500;
    int[] written = new int[size];
    AtomicInteger wrong = new AtomicInteger();
    try (Crew crew = new Crew(Blas.java(), size)) {
      crew.run(
          task(
              member -> {
                for (int phase = 1; phase <= phases; phase++) {
                  written[member.index()] = phase;
                  member.barrier();
                  for (int other = 0; other < member.count(); other++) {
                    if (written[other] != phase) {
                      wrong.incrementAndGet();
                    }
                  }
                  member.barrier();
                }
              }));
    }
    assertEquals(0, wrong.get());
    int[] expected = new int[size];
    Arrays.fill(expected, phases);
    assertEquals(Arrays.toString(expected), Arrays.toString(written));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void whatAnyMemberThrowsEndsTheProgramForAll(int guilty) {
    try (Crew crew = new Crew(Blas.java(), 3)) {
      Task failing =
          task(
              member -> {
                if (member.index() == guilty) {
                  throw new IllegalStateException("member " + guilty);
                }
                member.barrier();
              });
      assertEquals(
          "member " + guilty,
          assertThrows(IllegalStateException.class, () -> crew.run(failing)).getMessage());
      AtomicInteger done = new AtomicInteger();
      AtomicInteger expected = new AtomicInteger();
      crew.run(
          task(
              member -> {
                member.barrier();
                expected.set(member.count());
                done.incrementAndGet();
              }));
      assertEquals(expected.get(), done.get(), "the crew works after a failure");
    }
  }

  @Test
  void aCallerThatFindsTheCrewAtWorkComputesAlone() throws Exception {
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch release = new CountDownLatch(1);
    try (Crew crew = new Crew(Blas.java(), 2)) {
      Thread first =
          new Thread(
              () ->
                  crew.run(
                      task(
                          member -> {
                            inside.countDown();
                            await(release);
                          })));
      first.start();
      assertTrue(inside.await(30, TimeUnit.SECONDS));
      AtomicReference<Thread> where = new AtomicReference<>();
      crew.run(
          task(
              member -> {
                assertEquals(1, member.count());
                where.set(Thread.currentThread());
              }));
      assertEquals(Thread.currentThread(), where.get());
      release.countDown();
      first.join();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void parkedMembersWake() throws Exception {
    try (Crew crew = new Crew(Blas.java(), 2)) {
      AtomicInteger shares = new AtomicInteger();
      AtomicInteger expected = new AtomicInteger();
      for (int i = 0; i < 5; i++) {
        crew.run(
            task(
                member -> {
                  shares.incrementAndGet();
                  if (member.index() == 0) {
                    expected.addAndGet(member.count());
                  }
                }));
        Thread.sleep(20);
      }
      assertEquals(expected.get(), shares.get());
    }
  }

  @Test
  void aCrewThatIsKeptWaitingRunsAloneForAWhile() throws Exception {
    try (Crew crew = new Crew(Blas.java(), 2)) {
      crew.run(
          task(
              member -> {
                if (member.index() == 1) {
                  sleep(200);
                }
                member.barrier();
              }));
      AtomicInteger members = new AtomicInteger();
      crew.run(task(member -> members.set(member.count())));
      assertEquals(1, members.get());
      AtomicInteger most = new AtomicInteger();
      long deadline = System.nanoTime() + 60_000_000_000L;
      while (most.get() < 2 && System.nanoTime() < deadline) {
        crew.run(task(member -> most.accumulateAndGet(member.count(), Math::max)));
      }
      assertEquals(2, most.get(), "the crew meets again");
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void closeEndsEveryThread() throws Exception {
    AtomicReference<Thread> worker = new AtomicReference<>();
    Crew crew = new Crew(Blas.java(), 2);
    crew.run(
        task(
            member -> {
              if (member.index() == 1) {
                worker.set(Thread.currentThread());
              }
            }));
    assertTrue(worker.get().isAlive());
    assertTrue(worker.get().isDaemon());
    crew.close();
    assertFalse(worker.get().isAlive());
  }

  @Test
  void threadsTakeNothingOverFromTheCallerWhoStartsThem() throws Exception {
    InheritableThreadLocal<String> request = new InheritableThreadLocal<>();
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    AtomicReference<String> seen = new AtomicReference<>("nothing ran");
    AtomicReference<ClassLoader> loader = new AtomicReference<>();
    try (URLClassLoader application = new URLClassLoader(new URL[0]);
        Crew crew = new Crew(Blas.java(), 2)) {
      request.set("of the caller");
      Thread.currentThread().setContextClassLoader(application);
      crew.run(
          task(
              member -> {
                if (member.index() == 1) {
                  seen.set(request.get());
                  loader.set(Thread.currentThread().getContextClassLoader());
                }
              }));
      assertNull(seen.get());
      assertSame(Crew.class.getClassLoader(), loader.get());
    } finally {
      Thread.currentThread().setContextClassLoader(before);
      request.remove();
    }
  }

  /** Where the two meet is chance: without the second look at a closed crew, some round hangs. */
  @Test
  void aCrewThatIsClosedAsItIsCalledRunsTheProgramAllTheSame() throws Exception {
    for (int round = 0; round < 3000; round++) {
      Crew crew = new Crew(Blas.java(), 2);
      AtomicInteger shares = new AtomicInteger();
      CyclicBarrier start = new CyclicBarrier(2);
      Thread closer =
          new Thread(
              () -> {
                meet(start);
                crew.close();
              });
      closer.start();
      meet(start);
      crew.run(task(member -> shares.addAndGet(2 / member.count())));
      assertEquals(2, shares.get());
      closer.join();
    }
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }
}
