package fathom.nn;

import fathom.engine.Member;
import fathom.matrix.Matrix;
import java.util.List;

/** What starts a group of passes: it needs all units of the group below before it can begin. */
abstract class Head {
  /**
   * Computes this head and the group's rows; the caller's barrier follows.
   *
   * @param input the output of the group below, or the batch, B x in
   */
  abstract void forward(Member member, Matrix input, Group group);

  /** As {@link #forward}, with somebody who may change a dense layer's weights on the way. */
  void calibrate(Member member, Matrix input, Group group, Calibrator calibrator) {
    forward(member, input, group);
  }

  /**
   * Turns the group's gradient into that of the group below, and takes that through the rows of the
   * group below; the caller's barrier follows.
   */
  abstract void backward(Member member, Group group, Group below);

  /**
   * Turns a change of the output of the group below, in its gradient's memory, into the change of
   * this group's output; the caller's barrier follows.
   *
   * @throws UnsupportedOperationException if the head has no linear form, as recurrent ones
   */
  void tangent(Member member, Group group, Group below) {
    throw new UnsupportedOperationException(
        "the Jacobian is for layers without recurrence: measure a network of dense layers");
  }

  /**
   * Computes gradients of the head's own parameters from the group's gradient, which stays. Either
   * they are whole for all members on return, or the head takes them to the learner itself.
   *
   * @param input what {@link #forward} had
   * @param learner who changes parameters, or null if nobody does yet
   */
  void learn(Member member, Matrix input, Group group, Learner learner) {}

  /** Returns how many of the group's first parameters {@link #learn} takes to the learner. */
  long learnt() {
    return 0;
  }

  /** Plans to make the batch feature-major, where no product takes it as it is. */
  static HeadPlan transposed(Buffer x, Buffer a) {
    Work forward = Work.of("transpose(X)", List.of(x), List.of(a));
    return new HeadPlan(
        forward,
        Work.NONE,
        Work.NONE,
        a,
        1,
        false,
        (bound, d, below) -> new Input(bound.matrix(a)));
  }

  /** Makes the batch feature-major, where no product takes it as it is. */
  private static final class Input extends Head {
    private final Matrix a;

    Input(Matrix a) {
      this.a = a;
    }

    @Override
    void forward(Member member, Matrix input, Group group) {
      if (member.index() == 0) {
        a.transposeFrom(input);
      }
      member.barrier();
      group.forwardRows(member);
    }

    @Override
    void backward(Member member, Group group, Group below) {
      throw new IllegalStateException("nothing lies below the input");
    }
  }
}
