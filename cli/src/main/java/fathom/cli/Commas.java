package fathom.cli;

import java.util.List;
import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Values with commas between them. Every option that takes several goes by one rule: none may be
 * missing, at the end neither, where picocli would pass over it. Options that picocli splits name
 * this class as their preprocessor; those that read their text themselves call {@link #values}.
 */
final class Commas implements IParameterPreprocessor {
  /** What options are split at. */
  static final String COMMA = ",";

  /**
   * Returns the values of a text.
   *
   * @param option that gave it, for the message
   * @throws BadInput if there is nothing before the first comma, between two, or behind the last
   */
  static List<String> values(String option, String text) {
    List<String> values = List.of(text.split(COMMA, -1));
    if (values.stream().anyMatch(String::isBlank)) {
      throw new BadInput(
          String.format(
              "%s '%s' lacks a value; give one, or several with one comma between each two",
              option, text));
    }
    return values;
  }

  /** Looks at a text before picocli splits it, which it still does. */
  @Override
  public boolean preprocess(
      Stack<String> args, CommandSpec command, ArgSpec arg, Map<String, Object> info) {
    String name = arg instanceof OptionSpec option ? option.longestName() : arg.paramLabel();
    try {
      List<String> unused = args.isEmpty() ? List.of() : values(name, args.peek());
      return false;
    } catch (BadInput e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }
}
