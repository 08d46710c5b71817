package fathom.nn;

import fathom.engine.Member;
import fathom.matrix.Matrix;
import java.util.ArrayList;
import java.util.List;

/** A head and the passes over rows that follow it before the next head. */
final class Group {
  final Head head;

  /** The gradient, out x B: first by the output of the last row pass, at last by the head's. */
  Matrix d;

  /** Where the parameters of this group lie in their slab. */
  long parametersFrom;

  long parametersTo;

  /**
   * The first of the groups right below whose outputs others have written over since, so that they
   * are computed again before the way back comes to them; -1 for none.
   */
  int again = -1;

  /** The layer that began this group. */
  int layer;

  private final Matrix start;
  private final List<RowPass> building = new ArrayList<>();
  private RowPass[] rows = {};
  private int learning;

  /**
   * Starts a group.
   *
   * @param start the head's own output
   */
  Group(Head head, Matrix start) {
    this.head = head;
    this.start = start;
  }

  void add(RowPass pass) {
    building.add(pass);
    rows = building.toArray(new RowPass[0]);
  }

  /** Passes added up to now belong to frozen layers: gradients do not reach them. */
  void freeze() {
    learning = building.size();
  }

  /** Returns the group that computes the same outputs again. */
  Group again() {
    Group group = new Group(head, start);
    for (RowPass pass : rows) {
      group.add(pass.again());
    }
    return group;
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
    for (int i = rows.length - 1; i >= learning; i--) {
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
    int begun = 0;
    for (RowPass pass : rows) {
      begun += pass instanceof Residual.ForkPass ? 1 : pass instanceof Residual.JoinPass ? -1 : 0;
    }
    return begun;
  }

  /** Ends the backward pass of the rows, and lets learn what the head has not. */
  void finish(Learner learner) {
    for (int i = rows.length - 1; i >= learning; i--) {
      rows[i].finish();
    }
    long from = parametersFrom + head.learnt();
    if (learner != null && from < parametersTo) {
      learner.learn(from, parametersTo);
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
