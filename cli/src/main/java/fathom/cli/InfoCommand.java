package fathom.cli;

import fathom.blas.BlasUnavailableException;
import fathom.engine.Engine;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code fathom info}. */
@Command(name = "info", description = "Tells what Fathom would compute with on this machine.")
final class InfoCommand implements Runnable {
  private static final String CORE_SWITCH = "OPENBLAS_CORETYPE";
  private static final String LIBRARY_SWITCH = "org.bytedeco.openblas.load";

  @Spec private CommandSpec spec;
  @Mixin private OutputOptions output;

  @Override
  public void run() {
    output.check();
    Machine machine = null;
    BlasUnavailableException failure = null;
    try (Engine engine = new EngineOptions().open()) {
      machine = Machine.of(engine);
    } catch (BlasUnavailableException e) {
      failure = e;
    }
    PrintWriter out = spec.commandLine().getOut();
    print(machine, new Report(output.text(out, spec.commandLine().getErr())));
    output.write(json(machine), out);
    if (failure != null) {
      throw failure;
    }
  }

  /** Prints what computes; null where nothing can. */
  static void print(Machine machine, Report report) {
    report.entry("fathom", Version.text());
    report.entry("BLAS", machine == null ? "none" : machine.blas() + ", core " + machine.core());
    report.entry("switches", switches());
    if (machine != null) {
      report.entry("vectors", machine.bits() + " bits");
    }
    report.entry("threads", Integer.toString(EngineOptions.processors()));
    report.entry("JDK", Machine.jdk() + ", " + System.getProperty("java.vm.name"));
    report.entry("platform", platform());
    report.entry(
        "memory",
        String.format(
            "%s for networks and data, of which Java's heap may take %s",
            MachineMemory.text((double) MachineMemory.total()),
            MachineMemory.text((double) Runtime.getRuntime().maxMemory())));
  }

  private static String switches() {
    String core = System.getenv(CORE_SWITCH);
    String library = System.getProperty(LIBRARY_SWITCH);
    return (core == null ? CORE_SWITCH + " not set" : CORE_SWITCH + "=" + core)
        + ", "
        + (library == null ? LIBRARY_SWITCH + " not set" : LIBRARY_SWITCH + "=" + library);
  }

  private static JsonObject json(Machine machine) {
    return new JsonObject()
        .put("version", Version.text())
        .put("blas", machine == null ? null : machine.blas())
        .put("blas_core", machine == null ? null : machine.core())
        .put("openblas_coretype", System.getenv(CORE_SWITCH))
        .put("openblas_load", System.getProperty(LIBRARY_SWITCH))
        .put("vector_bits", machine == null ? Double.NaN : machine.bits())
        .put("threads", EngineOptions.processors())
        .put("jdk", Machine.jdk())
        .put("platform", platform())
        .put("memory_bytes", MachineMemory.total())
        .put("heap_bytes", Runtime.getRuntime().maxMemory());
  }

  private static String platform() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT)
        + "-"
        + System.getProperty("os.arch");
  }
}
