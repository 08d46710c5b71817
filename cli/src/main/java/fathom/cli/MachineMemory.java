package fathom.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The memory of the machine and of this process, in bytes. */
final class MachineMemory {
  private static final double GIGABYTE = 1e9;
  private static final long KIBIBYTE = 1024;
  private static final Path OF_MACHINE = Path.of("/proc/meminfo");
  private static final Path OF_PROCESS = Path.of("/proc/self/status");

  private MachineMemory() {}

  /** Returns the memory of the machine, or of the container. */
  static long total() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  /**
   * Returns how much of it this process may still take without pushing others out: all of it where
   * the system does not tell.
   */
  static long available() {
    long total = total();
    long machine = entry(OF_MACHINE, "MemAvailable");
    long own = entry(OF_PROCESS, "VmRSS");
    return Math.min(machine < 0 ? total : machine, own < 0 ? total : total - own);
  }

  /** Returns the most memory that this process has held at once; -1 where nobody counts. */
  static long peak() {
    return entry(OF_PROCESS, "VmHWM");
  }

  /** Adds {@link #peak}, null where it is not known. */
  static void addPeak(JsonObject json) {
    String key = "memory_peak_bytes";
    JsonObject unused = peak() < 0 ? json.put(key, Double.NaN) : json.put(key, peak());
  }

  /** Returns an entry of a table of the kernel's, or -1 if there is none. */
  private static long entry(Path table, String name) {
    try {
      for (String line : Files.readAllLines(table)) {
        String[] words = line.split("\\s+", -1);
        if (words.length == 3 && words[0].equals(name + ":") && words[2].equals("kB")) {
          return Long.parseLong(words[1]) * KIBIBYTE;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Another system, or one that keeps it to itself.
    }
    return -1;
  }

  /** Returns bytes as people read them, as in {@code 8.6 GB}. */
  static String text(double bytes) {
    return bytes < GIGABYTE / 100
        ? String.format(Locale.ROOT, "%.3g MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.3g GB", bytes / GIGABYTE);
  }
}
