package fathom.nn;

import fathom.engine.Member;
import fathom.matrix.Matrix;

/**
 * A network's Jacobian as a linear map that is never built: {@code J = d a_L / d z_1}, the last
 * hidden layer's output a_L by the first layer's weighted sums z_1, at the point where the last
 * forward pass was. In a plain network {@code J = D_L W_L ... D_2 W_2 D_1} with {@code D_l =
 * diag(f'(z_l))}: L - 1 weight matrices and L slopes. Layers that are frozen are left out below.
 *
 * <p>Each sample has its own J and its own column in both matrices, unless batch norm in training
 * mixes samples: then J is that of the batch as a whole. Products are exact to rounding, forward as
 * well as back: the forward one goes through the layers linearized, without finite differences.
 *
 * <p>It lives on the memory of its {@link Pass}, and is worthless after the next forward or
 * backward pass. Backward products write over gradients of biases and norms. All members of an
 * engine call each method together; nothing is allocated.
 *
 * @see <a href="https://arxiv.org/abs/1711.04735">Pennington, Schoenholz and Ganguli, Resurrecting
 *     the sigmoid in deep learning through dynamical isometry, 2017</a>
 */
public final class Linearization {
  private final Group[] groups;
  private final int bottom;
  private final int top;

  Linearization(Group[] groups, int bottom) {
    this.groups = groups;
    this.bottom = bottom;
    top = groups.length - 2;
    if (top < bottom) {
      throw new IllegalArgumentException(
          "the Jacobian is of what lies below the last product, and nothing that learns does");
    }
    int open = 0;
    for (int i = 0; i <= top; i++) {
      open += groups[i].blocksBegun();
    }
    if (open > 0) {
      throw new IllegalArgumentException(
          "the Jacobian ends below the last product, which is part of a residual block; add a dense"
              + " layer behind the block");
    }
  }

  /** Returns where vectors at the first layer's sums are: units x B. */
  public Matrix below() {
    return groups[bottom].d;
  }

  /** Returns where vectors at the last hidden layer's output are: units x B. */
  public Matrix above() {
    return groups[top].d;
  }

  /** Computes {@code above <- J below}; below is then worthless. */
  public void forward(Member member) {
    groups[bottom].tangentRows(member);
    member.barrier();
    for (int i = bottom + 1; i <= top; i++) {
      groups[i].head.tangent(member, groups[i], groups[i - 1]);
      member.barrier();
    }
  }

  /** Computes {@code below <- transpose(J) above}; above is then worthless. */
  public void backward(Member member) {
    groups[top].backwardRows(member);
    member.barrier();
    for (int i = top; i > bottom; i--) {
      groups[i].head.backward(member, groups[i], groups[i - 1]);
      member.barrier();
    }
  }
}
