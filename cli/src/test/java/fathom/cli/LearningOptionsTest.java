package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.optim.Adam;
import fathom.optim.AdamW;
import fathom.optim.Optimizer;
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
    expected.forEach((options, optimizer) -> assertEquals(optimizer, of(options).optimizer()));
  }
}
