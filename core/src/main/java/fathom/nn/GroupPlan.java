package fathom.nn;

import java.util.List;

/**
 * A {@link Group} before it has memory.
 *
 * @param layer which layer's head begins it
 * @param d the gradient: first by the group's output, at last by the head's; null in inference
 * @param frozenRows how many of the first rows gradients do not reach
 * @param parametersFrom where its parameters that learn begin in their slab
 * @param parametersTo where they end
 * @param again the first of the groups right below whose outputs others have written over, so that
 *     they are computed again before the way back comes to them; -1 for none
 */
record GroupPlan(
    int layer,
    HeadPlan head,
    List<RowPlan> rows,
    Buffer d,
    int frozenRows,
    long parametersFrom,
    long parametersTo,
    int again) {
  /** Returns the output. */
  Buffer output() {
    return rows.isEmpty() ? head.output() : rows.get(rows.size() - 1).output();
  }
}
