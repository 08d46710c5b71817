package fathom.cli;

import fathom.data.Dataset;
import fathom.data.Idx;
import fathom.data.Task;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which classes of the data are wanted. */
final class ClassOptions {
  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})-(\\d{1,9})");
  private static final int SHOWN = 10;

  @Option(
      names = "--classes",
      paramLabel = "NAME,...",
      split = Commas.COMMA,
      preprocessor = Commas.class,
      description =
          "Take the rows of these classes alone, as if there were no others: names, or numbers"
              + " from first to last such as 0-4.")
  private List<String> names;

  /** Returns whether some classes are chosen. */
  boolean given() {
    return names != null;
  }

  /** Returns the rows of the classes chosen; closes the others. All where none are. */
  Dataset of(Dataset data) {
    if (names == null) {
      return data;
    }
    try (data) {
      return data.rows().ofClasses(places(data));
    }
  }

  /** As {@link #of(Dataset)}, of a training and a test set. */
  Idx.Sets of(Idx.Sets sets) {
    if (names == null) {
      return sets;
    }
    try (sets) {
      return sets.ofClasses(places(sets.train()));
    }
  }

  private int[] places(Dataset data) {
    if (data.task() != Task.CLASSIFICATION) {
      throw new BadInput("--classes is for data with classes, and DATA has numbers to predict");
    }
    Set<Integer> places = new LinkedHashSet<>();
    for (String name : names) {
      Matcher range = RANGE.matcher(name.strip());
      if (data.classNames().contains(name.strip()) || !range.matches()) {
        add(places, name.strip(), data);
        continue;
      }
      int last = Integer.parseInt(range.group(2));
      for (int i = Integer.parseInt(range.group(1)); i <= last; i++) {
        add(places, Integer.toString(i), data);
      }
    }
    if (places.size() < 2) {
      throw new BadInput(
          "--classes "
              + String.join(",", names)
              + " leaves nothing to tell apart; name two or more");
    }
    return places.stream().mapToInt(i -> i).toArray();
  }

  private void add(Set<Integer> places, String name, Dataset data) {
    List<String> known = data.classNames();
    int place = known.indexOf(name);
    if (place < 0) {
      String more = known.size() > SHOWN ? ", ..." : "";
      throw new BadInput(
          String.format(
              "--classes: there is no class '%s' (known: %s%s)",
              name, String.join(", ", known.subList(0, Math.min(SHOWN, known.size()))), more));
    }
    if (!places.add(place)) {
      throw new BadInput("--classes names '" + name + "' twice; leave it out once");
    }
  }
}
