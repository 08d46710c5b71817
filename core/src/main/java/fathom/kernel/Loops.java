package fathom.kernel;

import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The handles of a family of loops, each made when it is first asked for: all of them would add
 * some 40 ms to a JVM's start. Any thread may ask.
 */
final class Loops<K extends Enum<K>> {
  private final Map<K, MethodHandle> made = new ConcurrentHashMap<>();
  private final Function<K, MethodHandle> maker;

  Loops(Function<K, MethodHandle> maker) {
    this.maker = maker;
  }

  MethodHandle of(K key) {
    MethodHandle loop = made.get(key);
    return loop != null ? loop : made.computeIfAbsent(key, maker);
  }
}
