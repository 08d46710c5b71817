package fathom.nn;

import java.util.ArrayList;
import java.util.List;

/** A {@link GroupPlan} in the making, to which rows are added. */
final class OpenGroup {
  final int layer;
  final HeadPlan head;
  final List<RowPlan> rows = new ArrayList<>();
  Buffer output;
  int again = -1;

  /** The end of the layers whose last group this is; 0 if there is none. */
  int end;

  OpenGroup(int layer, HeadPlan head) {
    this.layer = layer;
    this.head = head;
    output = head.output();
  }

  void add(RowPlan row) {
    rows.add(row);
    output = row.output();
  }

  GroupPlan plan(Buffer d, int frozen, long[] starts) {
    int frozenRows = (int) rows.stream().filter(row -> row.layer() < frozen).count();
    long to = starts[Math.max(layer, end)];
    long from = Math.max(starts[layer], Math.min(to, starts[frozen]));
    return new GroupPlan(layer, head, rows, d, frozenRows, from, to, again);
  }
}
