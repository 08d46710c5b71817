package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import fathom.optim.AdaDelta;
import fathom.optim.AdaGrad;
import fathom.optim.AdaMax;
import fathom.optim.Adam;
import fathom.optim.AdamW;
import fathom.optim.Clipping;
import fathom.optim.Lion;
import fathom.optim.Nadam;
import fathom.optim.Optimizer;
import fathom.optim.RAdam;
import fathom.optim.RmsProp;
import fathom.optim.Sgd;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What options make of the optimizers. */
class LearningOptionsTest {
  private static LearningOptions of(String options) {
    String[] words = options.isEmpty() ? new String[0] : options.split(" ");
    return CommandLine.populateCommand(new LearningOptions(), words);
  }

  @Test
  void optimizersAreThoseThatWereAskedFor() {
    Map<String, Optimizer> expected = new LinkedHashMap<>();
    expected.put("", new Adam(1e-3f));
    expected.put("--lr 0.5 --weight-decay 0.25", new Adam(0.5f, 0.9f, 0.999f, 1e-8f, 0.25f));
    expected.put("--optimizer adamw", new AdamW(1e-3f));
    expected.put("--optimizer adamw --weight-decay 0", new AdamW(1e-3f, 0.9f, 0.999f, 1e-8f, 0));
    expected.put("--optimizer sgd", new Sgd(0.1f));
    expected.put("--optimizer sgd --momentum 0.5", new Sgd(0.01f, 0.5f));
    expected.put("--optimizer momentum --lr 0.2", new Sgd(0.2f, 0.9f));
    expected.put("--optimizer nesterov", Sgd.nesterov(0.01f, 0.9f));
    expected.put("--optimizer adagrad", new AdaGrad(1e-2f));
    expected.put("--optimizer rmsprop", new RmsProp(1e-2f));
    expected.put(
        "--optimizer rmsprop --momentum 0.5", new RmsProp(1e-2f, 0.99f, 1e-8f, 0.5f, false, 0));
    expected.put(
        "--optimizer rmsprop --centered --momentum 0.5 --weight-decay 0.25",
        new RmsProp(1e-2f, 0.99f, 1e-8f, 0.5f, true, 0.25f));
    expected.put("--optimizer adadelta", new AdaDelta(1));
    expected.put("--optimizer amsgrad", new Adam(1e-3f, 0.9f, 0.999f, 1e-8f, 0, true));
    expected.put("--optimizer adamax", new AdaMax(2e-3f));
    expected.put("--optimizer nadam", new Nadam(2e-3f));
    expected.put("--optimizer radam", new RAdam(1e-3f));
    expected.put("--optimizer lion --weight-decay 0.5", new Lion(1e-4f, 0.9f, 0.99f, 0.5f));
    expected.forEach((options, optimizer) -> assertEquals(optimizer, of(options).optimizer()));
  }

  @Test
  void gradientsAreClippedAsAskedFor() {
    assertEquals(Clipping.none(), of("").clipping());
    assertEquals(Clipping.byNorm(2), of("--clip-norm 2").clipping());
    assertEquals(Clipping.byValue(0.5f), of("--clip-value 0.5").clipping());
    assertEquals(Clipping.perTensorByNorm(3), of("--clip-layer-norm 3").clipping());
    assertRefused(
        "--clip-norm and --clip-value exclude each other; give one of them",
        "--clip-norm 1 --clip-value 2");
    assertRefused("--clip-norm must be finite and above 0, not 0.0", "--clip-norm 0");
    assertRefused("--centered is for rmsprop, not for adam", "--centered");
    assertRefused(
        "--momentum is for momentum, nesterov and rmsprop, not for lion",
        "--optimizer lion --momentum 0.5");
  }

  private static void assertRefused(String message, String options) {
    BadInput e = assertThrows(BadInput.class, () -> of(options).check(true));
    assertEquals(message, e.getMessage());
  }
}
