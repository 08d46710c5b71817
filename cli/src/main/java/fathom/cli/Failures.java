package fathom.cli;

import fathom.blas.BlasUnavailableException;
import fathom.data.DataException;
import fathom.train.TrainingDivergedException;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns whatever a command throws into one line on standard error and an exit status. */
final class Failures implements IExecutionStrategy, IParameterExceptionHandler {
  private static final int FAULT = 1;
  private static final int BAD_INPUT = 2;

  private final BooleanSupplier debug;

  /**
   * @param debug whether stack traces are wanted
   */
  Failures(BooleanSupplier debug) {
    this.debug = debug;
  }

  /** Runs the command that was asked for; errors are caught here as well as exceptions. */
  @Override
  public int execute(ParseResult parse) {
    try {
      int status = new RunLast().execute(parse);
      return status == 0 ? outputStatus(parse) : status;
    } catch (ParameterException e) {
      throw e;
    } catch (ExecutionException e) {
      return report(e.getCause() == null ? e : e.getCause(), e.getCommandLine());
    } catch (Error e) {
      return report(e, last(parse));
    }
  }

  private static CommandLine last(ParseResult parse) {
    List<CommandLine> commands = parse.asCommandLineList();
    return commands.get(commands.size() - 1);
  }

  /** Looks whether all has arrived that was printed; a reader who is gone is not told. */
  private int outputStatus(ParseResult parse) {
    CommandLine command = last(parse);
    if (!command.getOut().checkError()) {
      return 0;
    }
    StandardOutput out = command.getOut() instanceof StandardOutput known ? known : null;
    if (out == null || !out.isClosedPipe()) {
      String why = out == null ? "" : ": " + out.failure();
      print(
          command, "standard output cannot be written" + why + "; make room, or name a file", null);
    }
    return FAULT;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String message = e.getMessage();
    if (e instanceof UnmatchedArgumentException unmatched) {
      List<String> suggestions = unmatched.getSuggestions();
      if (!suggestions.isEmpty()) {
        message += "; did you mean '" + suggestions.get(0) + "'?";
      }
    }
    print(command, message + " (see '" + name + " --help')", e);
    return BAD_INPUT;
  }

  private int report(Throwable thrown, CommandLine command) {
    if (isBadInput(thrown)) {
      print(command, thrown.getMessage(), thrown);
      return BAD_INPUT;
    }
    if (thrown instanceof Unwritten) {
      print(command, thrown.getMessage(), thrown);
      return FAULT;
    }
    if (thrown instanceof OutOfMemoryError) {
      String remedy =
          "; use less data, a smaller network or batch, or java's -Xmx for a larger heap";
      print(command, "out of memory: " + thrown.getMessage() + remedy, thrown);
      return BAD_INPUT;
    }
    print(command, "fault: " + thrown + " (--debug shows where)", thrown);
    return FAULT;
  }

  private static boolean isBadInput(Throwable thrown) {
    return thrown instanceof BadInput
        || thrown instanceof DataException
        || thrown instanceof IllegalArgumentException
        || thrown instanceof BlasUnavailableException
        || thrown instanceof TrainingDivergedException;
  }

  private void print(CommandLine command, String message, Throwable thrown) {
    PrintWriter err = command.getErr();
    String line = String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
    err.println(command.getCommandSpec().qualifiedName() + ": " + line);
    if (thrown != null && debug.getAsBoolean()) {
      thrown.printStackTrace(err);
    }
    err.flush();
  }
}
