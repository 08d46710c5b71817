package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

/** An application that is unloaded takes Fathom with it: nothing of the JVM's holds its classes. */
class LoaderTest {
  @Test
  void aLoaderThatHeldFathomIsCollected() throws Exception {
    WeakReference<ClassLoader> loader = used();
    for (int i = 0; i < 500 && loader.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(loader.get());
  }

  private static WeakReference<ClassLoader> used() throws Exception {
    List<URL> places = new ArrayList<>();
    for (String place : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      places.add(Path.of(place).toUri().toURL());
    }
    ClassLoader platform = ClassLoader.getPlatformClassLoader();
    try (URLClassLoader loader = new URLClassLoader(places.toArray(new URL[0]), platform)) {
      Class<?> guest = loader.loadClass(Guest.class.getName());
      assertEquals(loader, guest.getClassLoader());
      DoubleSupplier work = (DoubleSupplier) guest.getDeclaredConstructor().newInstance();
      assertTrue(work.getAsDouble() > 0.2);
      return new WeakReference<>(loader);
    }
  }

  /** Trains, saves, loads and evaluates; without OpenBLAS, whose loader has a thread of its own. */
  public static final class Guest implements DoubleSupplier {
    /** Called by reflection. */
    public Guest() {}

    @Override
    public double getAsDouble() {
      try (Engine engine = new Engine(Blas.java(), Kernels.vector(), 2);
          Dataset data = Digits.load();
          Network network =
              Network.input(64).dense(64, Activation.RELU).dense(10).engine(engine).build();
          Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f))) {
        double unused = trainer.epoch(data.batches(256, 1));
        Path file = Files.createTempFile("fathom", ".safetensors");
        try {
          Models.save(network, file);
          try (Network same = Models.load(file, engine).network()) {
            return Evaluation.accuracy(same, data.rows());
          }
        } finally {
          Files.delete(file);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
