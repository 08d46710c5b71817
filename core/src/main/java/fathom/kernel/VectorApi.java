package fathom.kernel;

/**
 * Whether the JVM has the Vector API, which it has on request only where Fathom is on the class
 * path. Names no class of it, so as to be there to tell.
 */
final class VectorApi {
  private static final String MODULE = "jdk.incubator.vector";

  private VectorApi() {}

  static void require() {
    try {
      Class<?> unused = Class.forName(MODULE + ".Vector", false, VectorApi.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          "this JVM was started without the Vector API; add to its options: --add-modules "
              + MODULE,
          e);
    }
  }
}
