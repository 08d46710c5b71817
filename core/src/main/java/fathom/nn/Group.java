package fathom.nn;

import fathom.engine.Member;
import fathom.matrix.Matrix;
import java.util.Arrays;

/** A head and the passes over rows that follow it before the next head. */
final class Group {
  final Head head;

  /** The gradient, out x B: first by the output of the last row pass, at last by the head's. */
  final Matrix d;

  private final GroupPlan plan;
  private final Matrix start;
  private final RowPass[] rows;

  private Group(GroupPlan plan, Head head, Matrix start, Matrix d, RowPass[] rows) {
    this.plan = plan;
    this.head = head;
    this.start = start;
    this.d = d;
    this.rows = rows;
  }

  /**
   * Binds a group to memory.
   *
   * @param below the group below; null at the bottom
   */
  static Group of(GroupPlan plan, GroupPlan below, Binding bound) {
    Matrix d = bound.matrix(plan.d());
    Head head = plan.head().binder().bind(bound, d, below == null ? null : bound.matrix(below.d()));
    RowPass[] rows =
        plan.rows().stream().map(row -> row.pass().apply(bound)).toArray(RowPass[]::new);
    return new Group(plan, head, bound.matrix(plan.head().output()), d, rows);
  }

  /** Returns the group that computes the same outputs again. */
  Group computingAgain() {
    RowPass[] same = Arrays.stream(rows).map(RowPass::again).toArray(RowPass[]::new);
    return new Group(plan, head, start, d, same);
  }

  /** Returns the layer that began this group. */
  int layer() {
    return plan.layer();
  }

  /** Returns the first of the groups right below that are computed again; -1 for none. */
  int again() {
    return plan.again();
  }

  /** Returns the output. */
  Matrix a() {
    return rows.length == 0 ? start : rows[rows.length - 1].a;
  }

  boolean hasRows() {
    return rows.length > 0;
  }

  void forward(int from, int to) {
    for (RowPass pass : rows) {
      pass.forward(from, to);
    }
  }

  void backward(int from, int to) {
    for (int i = rows.length - 1; i >= plan.frozenRows(); i--) {
      rows[i].backward(d, from, to);
    }
  }

  /** Takes a change of the head's output through the rows, in the memory of the gradient. */
  void tangent(int from, int to) {
    for (RowPass pass : rows) {
      pass.tangent(d, from, to);
    }
  }

  /** Returns how many more residual blocks begin in this group than end in it. */
  int blocksBegun() {
    return plan.rows().stream().mapToInt(RowPlan::blocksBegun).sum();
  }

  /** Ends the backward pass of the rows, and lets learn what the head has not. */
  void finish(Learner learner) {
    for (int i = rows.length - 1; i >= plan.frozenRows(); i--) {
      rows[i].finish();
    }
    long from = plan.parametersFrom() + head.learnt();
    if (learner != null && from < plan.parametersTo()) {
      learner.learn(from, plan.parametersTo());
    }
  }

  /** Runs all rows, which members share. */
  void forwardRows(Member member) {
    int units = start.rows();
    int end = to(member, units);
    for (int r = from(member, units); r < end; r += Pass.BLOCK) {
      forward(r, Math.min(end, r + Pass.BLOCK));
    }
  }

  /** Takes the gradient through all rows, which members share. */
  void backwardRows(Member member) {
    backwardRows(member, null);
  }

  /** Takes the gradient through all rows, which members share, once its halves are added up. */
  void backwardRows(Member member, Halves halves) {
    int units = start.rows();
    int end = to(member, units);
    for (int r = from(member, units); r < end; r += Pass.BLOCK) {
      int to = Math.min(end, r + Pass.BLOCK);
      if (halves != null) {
        halves.add(r, to);
      }
      backward(r, to);
    }
  }

  /** Takes a change through all rows, which members share. */
  void tangentRows(Member member) {
    int units = start.rows();
    int end = to(member, units);
    for (int r = from(member, units); r < end; r += Pass.BLOCK) {
      tangent(r, Math.min(end, r + Pass.BLOCK));
    }
  }

  private static int from(Member member, int units) {
    return member.from((units + Pass.BLOCK - 1) / Pass.BLOCK) * Pass.BLOCK;
  }

  private static int to(Member member, int units) {
    return Math.min(units, member.to((units + Pass.BLOCK - 1) / Pass.BLOCK) * Pass.BLOCK);
  }
}
