package fathom.lab.papers;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a reproduction found: published figures beside ours. Made by one thread, and not changed
 * when it is handed out.
 */
public final class Comparison {
  private final List<ResultCheck> checks = new ArrayList<>();
  private final List<Figure> figures = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  Comparison() {}

  Comparison check(ResultCheck check) {
    checks.add(check);
    return this;
  }

  Comparison figure(Figure figure) {
    figures.add(figure);
    return this;
  }

  /** Says what differs from the paper, or what else was seen. */
  Comparison note(String sentence) {
    notes.add(sentence);
    return this;
  }

  /** Returns published figures beside ours. */
  public List<ResultCheck> checks() {
    return Collections.unmodifiableList(checks);
  }

  /** Returns what there is to draw. */
  public List<Figure> figures() {
    return Collections.unmodifiableList(figures);
  }

  /** Returns what else there is to say: settings that differ from the paper, what was seen. */
  public List<String> notes() {
    return Collections.unmodifiableList(notes);
  }

  /** Returns how many figures came out as published. */
  public int held() {
    return (int) checks.stream().filter(ResultCheck::holds).count();
  }
}
