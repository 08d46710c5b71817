package fathom.nn;

import java.util.List;

/**
 * What a layer does in one direction, apart from the gradient that passes through it on the way
 * back.
 *
 * @param operation in a formula or a few words; empty if nothing is done
 * @param parameters the names of the learnt numbers that are read
 * @param flops of products
 */
record Work(
    String operation,
    List<Buffer> reads,
    List<Buffer> writes,
    List<String> parameters,
    double flops) {
  static final Work NONE = new Work("", List.of(), List.of(), List.of(), 0);

  /** Returns work without products and parameters. */
  static Work of(String operation, List<Buffer> reads, List<Buffer> writes) {
    return new Work(operation, reads, writes, List.of(), 0);
  }

  /** Returns the same work with parameters. */
  Work with(List<String> names) {
    return new Work(operation, reads, writes, names, flops);
  }

  /** Returns the same work with products. */
  Work costing(double operations) {
    return new Work(operation, reads, writes, parameters, operations);
  }

  boolean isNone() {
    return operation.isEmpty();
  }
}
