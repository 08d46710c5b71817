package fathom;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Data that lie beside the project and not in it. A test that needs them is skipped where they are
 * absent. {@code -Dfathom.shared=FOLDER} names another place.
 */
public final class SharedFolder {
  private SharedFolder() {}

  /** Returns a file or folder of it, or skips the calling test. */
  public static Path require(String path) {
    Path found = Path.of(System.getProperty("fathom.shared", "../../shared")).resolve(path);
    assumeTrue(
        Files.exists(found),
        () -> found.toAbsolutePath().normalize() + " is absent: name it by -Dfathom.shared=FOLDER");
    return found;
  }
}
