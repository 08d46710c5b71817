package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Product;

/**
 * The products of a recurrent layer on batches of one size.
 *
 * @param start the first step that a gradient reaches
 * @param input those of all steps' inputs
 * @param state those of a step's state, for one gate
 * @param forwardFlops operations of a forward pass
 */
record RecurrentProducts(
    int start,
    Product input,
    Product state,
    Product stateGradient,
    Product inputGradient,
    Product inputWeightGradient,
    Product recurrentWeightGradient,
    double forwardFlops) {
  /**
   * Cuts the products.
   *
   * @param all columns of all steps
   */
  static RecurrentProducts of(Engine engine, Recurrent.Placed layer, int all) {
    int batch = all / layer.steps();
    int start = layer.returnsSequence() ? 0 : layer.steps() - layer.window();
    int reached = all - start * batch;
    int later = Math.max(1, all - Math.max(1, start) * batch);
    Product input = engine.product(Form.NN, layer.rows(), all, layer.features());
    Product state = engine.product(Form.NN, layer.units(), batch, layer.units());
    return new RecurrentProducts(
        start,
        input,
        state,
        engine.product(Form.TN, layer.units(), batch, layer.rows()),
        engine.product(Form.TN, layer.features(), reached, layer.rows()),
        engine.product(Form.NT, layer.rows(), layer.features(), reached),
        engine.product(Form.NT, layer.rows(), layer.units(), later),
        input.flops() + layer.kind().gates() * layer.steps() * state.flops());
  }
}
