package fathom;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.Assumptions;

/**
 * Memory of zeros of which only the pages that are touched take any room: what C's calloc gives for
 * large sizes, where Java's own arenas write the zeros. Here a test can look at what lies beyond
 * 2^31 elements.
 */
@SuppressWarnings("restricted")
public final class SparseMemory implements Arena {
  private static final long BOUNDARY = 64;
  private static final MethodHandle CALLOC =
      handle("calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FREE = handle("free", FunctionDescriptor.ofVoid(ADDRESS));

  private final Arena arena = Arena.ofShared();

  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
  }

  /** Skips the test where the system does not promise so much. */
  @Override
  public MemorySegment allocate(long bytes, long alignment) {
    MemorySegment start;
    try {
      start = (MemorySegment) CALLOC.invokeExact(1L, bytes + BOUNDARY);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    Assumptions.assumeTrue(start.address() != 0, "the system promises no " + bytes + " bytes");
    MemorySegment all = start.reinterpret(bytes + BOUNDARY, arena, SparseMemory::free);
    long gap = (BOUNDARY - start.address() % BOUNDARY) % BOUNDARY;
    return all.asSlice(gap, bytes);
  }

  private static void free(MemorySegment start) {
    try {
      FREE.invokeExact(start);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @Override
  public MemorySegment.Scope scope() {
    return arena.scope();
  }

  @Override
  public void close() {
    arena.close();
  }
}
