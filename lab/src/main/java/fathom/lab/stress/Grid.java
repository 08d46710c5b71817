package fathom.lab.stress;

import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.optim.Method;
import java.util.ArrayList;
import java.util.List;

/**
 * The axes of a sweep; its cells are all combinations, the last axis running fastest.
 *
 * @param depths numbers of hidden layers
 * @param widths units of each
 * @param activations of the hidden layers
 * @param inits words as {@link GridCell#init}
 * @param gains what multiplies the weights
 * @param biases standard deviations of the biases
 * @param norms normalizations
 * @param skips residual blocks
 * @param methods optimizers
 * @param rates learning rates; none stands for each optimizer's own
 * @param seeds seeds
 */
public record Grid(
    List<Integer> depths,
    List<Integer> widths,
    List<Activation> activations,
    List<String> inits,
    List<Double> gains,
    List<Double> biases,
    List<HiddenLayers.Norm> norms,
    List<GridCell.Skip> skips,
    List<Method> methods,
    List<Float> rates,
    List<Long> seeds) {
  private static final int MOST_CELLS = 1_000_000;

  /**
   * Returns how many cells there are.
   *
   * @throws IllegalArgumentException if they are none, or more than a million
   */
  public int size() {
    double size = Math.max(1, rates.size());
    for (List<?> axis :
        List.of(depths, widths, activations, inits, gains, biases, norms, skips, methods, seeds)) {
      size *= axis.size();
    }
    if (size < 1 || size > MOST_CELLS) {
      throw new IllegalArgumentException(
          String.format(
              "a grid has from 1 to %,d cells, and this one has %,.0f; give other axes",
              MOST_CELLS, size));
    }
    return (int) size;
  }

  /**
   * Returns all cells.
   *
   * @throws IllegalArgumentException as {@link #size}, or if a cell cannot be, as one of Table 11-1
   *     for an activation that it lacks
   */
  public List<GridCell> cells() {
    List<GridCell> cells = new ArrayList<>(size());
    for (int depth : depths) {
      for (int width : widths) {
        for (Activation activation : activations) {
          for (String init : inits) {
            for (double gain : gains) {
              for (double bias : biases) {
                learning(cells, depth, width, activation, init, gain, bias);
              }
            }
          }
        }
      }
    }
    return cells;
  }

  private void learning(
      List<GridCell> cells,
      int depth,
      int width,
      Activation activation,
      String init,
      double gain,
      double bias) {
    for (HiddenLayers.Norm norm : norms) {
      for (GridCell.Skip skip : skips) {
        for (Method method : methods) {
          for (float rate : rates.isEmpty() ? List.of(method.rate()) : rates) {
            for (long seed : seeds) {
              cells.add(
                  new GridCell(
                      depth, width, activation, init, gain, bias, norm, skip, method, rate, seed));
            }
          }
        }
      }
    }
  }
}
