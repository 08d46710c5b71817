package fathom.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The lock's code, run by two to four threads in all orders that take a few preemptions: nobody is
 * in with one who is alone, and all come through without a wait that only time would end.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FairLockOrdersTest {
  private final Interleavings orders = new Interleavings(FairLock.class, StackReserve.class);
  private final Constructor<?> constructor;
  private final Method beginReading;
  private final Method endReading;
  private final Method beginAlone;
  private final Method endAlone;

  FairLockOrdersTest() throws ReflectiveOperationException {
    Class<?> type = orders.loadClass(FairLock.class.getName());
    constructor = type.getDeclaredConstructor(String.class, int.class);
    constructor.setAccessible(true);
    beginReading = type.getMethod("beginReading");
    endReading = type.getMethod("endReading", long.class);
    beginAlone = type.getMethod("beginAlone");
    endAlone = type.getMethod("endAlone", long.class);
  }

  @Test
  void oneReadsAndOneIsAlone() {
    explored(4, () -> on(new Room(2), Room::read, Room::beAlone));
  }

  @Test
  void twoAreAlone() {
    explored(4, () -> on(new Room(2), Room::beAlone, Room::beAlone));
  }

  @Test
  void oneReadsInsideItsOwnReading() {
    explored(3, () -> on(new Room(2), Room::readTwice, Room::beAlone));
  }

  @Test
  void oneReadsWhileTwoAreAlone() {
    explored(3, () -> on(new Room(2), Room::read, Room::beAlone, Room::beAlone));
  }

  @Test
  void twoReadWhileOneIsAlone() {
    explored(3, () -> on(new Room(2), Room::read, Room::read, Room::beAlone));
  }

  @Test
  void twoReadAgainAndAgainWhileOneIsAlone() {
    Program twice =
        room -> {
          room.read();
          room.read();
        };
    explored(3, () -> on(new Room(2), twice, twice, Room::beAlone));
  }

  @Test
  void threeReadInPlacesForTwo() {
    explored(2, () -> on(new Room(2), Room::read, Room::read, Room::read, Room::beAlone));
  }

  @Test
  void twoReadWhileTwoAreAlone() {
    explored(2, () -> on(new Room(2), Room::read, Room::read, Room::beAlone, Room::beAlone));
  }

  private void explored(int preemptions, Interleavings.Scenario scenario) {
    int count = orders.explore(preemptions, scenario);
    assertTrue(count > 1000, count + " orders are not all");
  }

  /** What a thread does in a room. */
  private interface Program {
    void run(Room room);
  }

  private static List<Runnable> on(Room room, Program... programs) {
    return Stream.of(programs).<Runnable>map(program -> () -> program.run(room)).toList();
  }

  /** A lock, and who is in. */
  private final class Room {
    private final Object lock;
    private int reading;
    private boolean alone;

    Room(int places) {
      try {
        lock = constructor.newInstance("this room", places);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage(), e);
      }
    }

    private Object call(Method method, Object... arguments) {
      try {
        return method.invoke(lock, arguments);
      } catch (InvocationTargetException e) {
        throw new AssertionError(e.getCause());
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage(), e);
      }
    }

    void read() {
      Object stamp = call(beginReading);
      stay();
      call(endReading, stamp);
    }

    /** The second reading outlives the first. */
    void readTwice() {
      Object stamp = call(beginReading);
      stay();
      Object inner = call(beginReading);
      stay();
      call(endReading, stamp);
      stay();
      call(endReading, inner);
    }

    private void stay() {
      assertTrue(!alone, "somebody is alone beside a reader");
      reading++;
      Interleavings.point();
      assertTrue(!alone, "somebody came to be alone beside a reader");
      reading--;
    }

    void beAlone() {
      Object stamp = call(beginAlone);
      assertTrue(!alone, "two are alone");
      assertEquals(0, reading, "readers beside one who is alone");
      alone = true;
      Interleavings.point();
      assertEquals(0, reading, "readers came to one who is alone");
      alone = false;
      call(endAlone, stamp);
    }
  }
}
