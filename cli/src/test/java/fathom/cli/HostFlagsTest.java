package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Digits;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.train.Trainer;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The flags of a host's JVM that the handbook names, each in a JVM of its own. */
class HostFlagsTest {
  private static final List<String> CLASS_PATH =
      List.of(
          "--add-modules",
          "jdk.incubator.vector",
          "--enable-native-access=ALL-UNNAMED",
          "-cp",
          path());

  private static String path() {
    return ExampleProcess.classPath();
  }

  /** Returns what a JVM prints that must end well. */
  private static String java(List<String> flags, String... words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData"));
    command.addAll(flags);
    command.addAll(Arrays.asList(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  /** Modules are found and native access is allowed: nothing but the Vector API is warned of. */
  @Test
  void modulePath() throws Exception {
    String modules =
        Arrays.stream(path().split(File.pathSeparator, -1))
            .filter(place -> !place.contains("test-classes"))
            .filter(place -> !place.matches(".*(junit|jqwik|jazzer|opentest4j|apiguardian).*"))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> flags =
        List.of(
            "--add-modules",
            "ALL-MODULE-PATH",
            "--enable-native-access=fathom.blas,fathom.core,org.bytedeco.javacpp",
            "-p",
            modules);
    String[] info = {"-m", "fathom.cli/fathom.cli.Main", "info"};
    assertTrue(java(flags, info).contains("BLAS      OpenBLAS "));
    String[] train = {"-m", "fathom.cli/fathom.cli.Main", "train", "--hidden=8", "--epochs=1"};
    String said = java(flags, train);
    assertTrue(said.contains("accuracy"), said);
    assertFalse(said.replace("WARNING: Using incubator modules", "").contains("WARNING"), said);
  }

  @Test
  void aLoaderIsCollectedWhereJavaCppStartsNoThread() throws Exception {
    List<String> flags = new ArrayList<>(List.of("-Dorg.bytedeco.javacpp.nopointergc=true"));
    flags.addAll(CLASS_PATH);
    String said = java(flags, Host.class.getName());
    assertTrue(said.contains("collected"), said);
  }

  /** A host that loads an application with Fathom in it, runs it, and lets it go. */
  public static final class Host {
    private Host() {}

    public static void main(String[] args) throws Exception {
      WeakReference<ClassLoader> loader = used();
      for (int i = 0; i < 300 && loader.get() != null; i++) {
        System.gc();
        Thread.sleep(10);
      }
      System.out.println(loader.get() == null ? "collected" : "held");
    }

    private static WeakReference<ClassLoader> used() throws Exception {
      List<URL> places = new ArrayList<>();
      for (String place : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        places.add(Path.of(place).toUri().toURL());
      }
      ClassLoader platform = ClassLoader.getPlatformClassLoader();
      try (URLClassLoader loader = new URLClassLoader(places.toArray(new URL[0]), platform)) {
        Class<?> application = loader.loadClass(Application.class.getName());
        application.getMethod("main", String[].class).invoke(null, (Object) args());
        return new WeakReference<>(loader);
      }
    }

    private static String[] args() {
      return new String[0];
    }
  }

  /** Trains for an epoch, with OpenBLAS, on the engine that networks share. */
  public static final class Application {
    private Application() {}

    public static void main(String[] args) {
      try (var data = Digits.load();
          var network = Network.input(64).dense(16, Activation.RELU).dense(10).build();
          var trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-3f))) {
        double unused = trainer.epoch(data.batches(64, 1));
      }
    }
  }
}
