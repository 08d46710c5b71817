package fathom.lab.papers;

import fathom.data.Rows;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Constraint;
import fathom.optim.Optimizer;
import fathom.optim.Schedule;
import fathom.train.Evaluation;
import fathom.train.Trainer;
import fathom.train.TrainingDivergedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a network is trained to tell classes.
 *
 * @param batch rows of a step
 */
record Recipe(Optimizer optimizer, int batch, int epochs) {
  /**
   * What became of a network.
   *
   * @param losses the mean loss of each epoch, up to the one in which it diverged
   * @param accuracy of the rows held out; that of chance if it diverged
   * @param diverged whether the loss or a gradient was not finite at last
   */
  record Result(List<Double> losses, double accuracy, boolean diverged) {
    /** Returns the losses as a curve over epochs. */
    Figure.Curve curve(String name) {
      return Figure.Curve.counted(name, losses.stream().mapToDouble(loss -> loss).toArray());
    }

    /** Returns the loss of the last epoch; infinite if it diverged. */
    double loss() {
      return diverged ? Double.POSITIVE_INFINITY : losses.get(losses.size() - 1);
    }

    /** Returns the first epoch, from 1, whose loss is below a limit; infinite if there is none. */
    double epochsTo(double limit) {
      for (int i = 0; i < losses.size(); i++) {
        if (losses.get(i) < limit) {
          return i + 1;
        }
      }
      return Double.POSITIVE_INFINITY;
    }
  }

  /** Trains a network, and tests it. */
  Result train(Network network, Rows rows, Rows held, long seed) {
    List<Double> losses = new ArrayList<>();
    try (Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, optimizer)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        losses.add(trainer.epoch(rows.batches(batch, seed, epoch)));
      }
    } catch (TrainingDivergedException e) {
      return new Result(losses, 1.0 / network.outputs(), true);
    }
    return new Result(losses, Evaluation.accuracy(network, held), false);
  }

  /**
   * Trains with a rate that falls to 0 as a cosine.
   *
   * @param constraint of the weights
   * @param name for who is told of each epoch
   * @return the test's error after each epoch, in percent; that of chance once training diverged
   */
  double[] errors(
      Network network,
      Constraint constraint,
      Rows rows,
      Rows test,
      String name,
      Apparatus apparatus) {
    double[] errors = new double[epochs];
    Arrays.fill(errors, 100 * (1 - 1.0 / network.outputs()));
    long steps = (long) epochs * rows.batches(batch, 0).count();
    try (Trainer trainer =
        new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, optimizer)
            .schedule(Schedule.cosine(steps, 0))
            .constraint(constraint)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        double unused = trainer.epoch(rows.batches(batch, 1, epoch));
        errors[epoch] = 100 * (1 - Evaluation.accuracy(network, test));
        apparatus.say(
            name + ", epoch " + (epoch + 1) + ": error " + ResultCheck.number(errors[epoch]));
      }
    } catch (TrainingDivergedException e) {
      apparatus.say(name + ": " + e.getMessage());
    }
    return errors;
  }
}
