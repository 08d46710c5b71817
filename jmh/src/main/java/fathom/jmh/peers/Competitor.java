package fathom.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The systems: which class takes part, with which jars, switches and environment. */
enum Competitor {
  /** Fathom itself. */
  FATHOM("fathom.jmh.peers.FathomContender", ""),
  /** The matrix products of Fathom's steps alone. */
  FLOOR("fathom.jmh.peers.FloorContender", ""),
  /** PyTorch's C++ library. */
  TORCH("fathom.jmh.torch.TorchContender", "torch"),
  /** Deeplearning4j. */
  DL4J("fathom.jmh.dl4j.Dl4jContender", "dl4j");

  private static final String MKL = "-Dorg.bytedeco.openblas.load=mkl_rt";

  private final String contender;
  private final String module;

  Competitor(String contender, String module) {
    this.contender = contender;
    this.module = module;
  }

  /** Returns the name that the command line and the results have. */
  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean isPeer() {
    return this != FATHOM && this != FLOOR;
  }

  /**
   * Returns the command of a child.
   *
   * @param home the folder of the benchmarks
   * @param mkl whether Fathom's products run in MKL; those of the peers always do
   */
  List<String> command(Path home, boolean mkl, String group, int threads, Effort effort)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    if (isPeer() || mkl) {
      command.add(MKL);
    }
    if (!isPeer()) {
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.add("-cp");
    command.add(classPath(home, mkl));
    command.add(Child.class.getName());
    command.add(contender);
    command.add(group);
    command.add(Integer.toString(threads));
    command.add(Double.toString(effort.seconds()));
    command.add(Integer.toString(effort.samples()));
    return command;
  }

  /** Returns the library that lets MKL use AVX-512 on any processor, or null if it has no say. */
  static Path anyCpu(Path home) {
    Path library = home.resolve("target").resolve("mkl-any-cpu.so").toAbsolutePath();
    return Files.exists(library) ? library : null;
  }

  private String classPath(Path home, boolean mkl) throws IOException {
    Path target = home.resolve(module).resolve("target");
    Path list = target.resolve(mkl && !isPeer() ? "classpath-mkl" : "classpath");
    if (!Files.exists(list)) {
      throw new IOException(list + " is missing: start with jmh/run, which builds what is stale");
    }
    return target.resolve("classes")
        + System.getProperty("path.separator")
        + Files.readString(list).strip();
  }

  /** Tells the libraries what they read at loading: threads, and that MKL may use AVX-512. */
  void configure(Path home, Map<String, String> environment, boolean mkl, int threads) {
    if (isPeer() || mkl) {
      environment.put("MKL_THREADING_LAYER", "GNU");
      Path library = anyCpu(home);
      if (library != null) {
        environment.merge("LD_PRELOAD", library.toString(), (old, added) -> old + ":" + added);
      }
    }
    if (isPeer()) {
      environment.put("OMP_NUM_THREADS", Integer.toString(threads));
      environment.put("MKL_NUM_THREADS", Integer.toString(threads));
    }
  }
}
