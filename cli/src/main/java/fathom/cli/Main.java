package fathom.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code fathom} command: exit 0 when done, 2 for bad input, 1 for a fault of Fathom or an
 * output that cannot be written.
 */
@Command(
    name = "fathom",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    abbreviateSynopsis = true,
    usageHelpAutoWidth = true,
    description = "Trains deep networks on the CPU, and predicts with them.",
    footer = {
      "",
      "Exit status: 0 done, 2 bad input, 1 fault, or an output that cannot be written."
    },
    subcommands = {
      TrainCommand.class,
      PredictCommand.class,
      EvaluateCommand.class,
      RangeCommand.class,
      PreflightCommand.class,
      StressCommand.class,
      ReproduceCommand.class,
      FoldCommand.class,
      PlanCommand.class,
      InfoCommand.class
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of an error. FATHOM_DEBUG=1 does the same.")
  private boolean debug;

  private Main() {}

  /** Runs a command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(commandLine().setOut(StandardOutput.open()).execute(args));
  }

  /** Returns the command line, which writes to standard output and error unless told otherwise. */
  static CommandLine commandLine() {
    Main main = new Main();
    Failures failures = new Failures(() -> main.debug || System.getenv("FATHOM_DEBUG") != null);
    CommandLine line = new CommandLine(main);
    RangeCommand.hideOptionsOfTrain(line.getSubcommands().get("range").getCommandSpec());
    PreflightCommand.hideOptionsOfTrain(line.getSubcommands().get("preflight").getCommandSpec());
    return line.setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(failures)
        .setExecutionStrategy(failures);
  }

  /** Without a command, says which there are. */
  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    spec.commandLine().usage(out);
    out.flush();
  }
}
