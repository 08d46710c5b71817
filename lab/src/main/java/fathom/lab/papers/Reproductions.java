package fathom.lab.papers;

import java.util.List;

/** All reproductions, in the order in which they are best read. */
public final class Reproductions {
  private static final List<Reproduction> ALL =
      List.of(
          new LogisticCurve(),
          new LogisticSaturation(),
          new XavierGradients(),
          new GlorotTable(),
          new HeDepth(),
          new SelfNormalizing(),
          new MeanFieldDepth(),
          new OrthogonalStart(),
          new BatchNormNet(),
          new RecurrentGradients(),
          new DropoutTable(),
          new LsuvStart(),
          new DefaultDepths());

  private Reproductions() {}

  /** Returns all of them. */
  public static List<Reproduction> all() {
    return ALL;
  }

  /**
   * Returns the one of a name.
   *
   * @throws IllegalArgumentException if there is none, with the names that there are
   */
  public static Reproduction named(String name) {
    return ALL.stream()
        .filter(reproduction -> reproduction.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no reproduction '"
                        + name
                        + "'; there are "
                        + String.join(", ", ALL.stream().map(Reproduction::name).toList())));
  }
}
