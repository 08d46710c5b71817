package fathom.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import fathom.lab.stress.Grid;
import fathom.lab.stress.GridCell;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.optim.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The axes of a sweep. */
final class GridOptions {
  private static final Map<String, String> USUAL = usual();
  private static final List<String> AXES =
      Stream.concat(USUAL.keySet().stream(), Stream.of("lr")).toList();

  @Option(
      names = "--grid",
      paramLabel = "FILE",
      description =
          "Read axes from a JSON object such as {\"depth\": [10, 30], \"init\": \"he\"}; its keys are"
              + " the options below. Options on the command line replace those of the file.")
  private Path file;

  @Option(
      names = "--depth",
      paramLabel = "N,N,...",
      description =
          "Hidden layers; 2,5,10,20,40 unless given. A run such as 10..50/5 gives 10, 20, 30, 40, 50,"
              + " and 4..64@5 gives 4, 8, 16, 32, 64; so for all numbers here.")
  private String depth;

  @Option(names = "--width", paramLabel = "M,...", description = "Units of each; 64 unless given.")
  private String width;

  @Option(
      names = "--activation",
      paramLabel = "NAME,...",
      description = "Of the hidden layers; logistic,tanh,relu unless given.")
  private String activation;

  @Option(
      names = "--init",
      paramLabel = "NAME,...",
      description =
          "Initializers of the hidden layers: xavier, he, lecun, orthogonal, recommended (what suits"
              + " the activation), pytorch (its default), table_11_1, normal:0.01 and all that train"
              + " takes; pytorch,xavier,he,orthogonal,normal:0.01,normal:1 unless given.")
  private String init;

  @Option(
      names = "--gain",
      paramLabel = "G,...",
      description =
          "What multiplies those weights; with lecun it is mean-field theory's sigma_w. 1 unless"
              + " given.")
  private String gain;

  @Option(
      names = "--bias",
      paramLabel = "S,...",
      description =
          "Standard deviations of the hidden layers' biases, theory's sigma_b; 0 unless given.")
  private String bias;

  @Option(names = "--norm", paramLabel = "NAME,...", description = "none, batch or layer.")
  private String norm;

  @Option(
      names = "--skip",
      paramLabel = "NAME,...",
      description =
          "none; plain, residual blocks of two layers; or scaled, with branches multiplied by"
              + " 1/sqrt of their number.")
  private String skip;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME,...",
      description = "As train takes them; sgd unless given.")
  private String optimizer;

  @Option(
      names = "--lr",
      paramLabel = "RATE,...",
      description = "Learning rates; each optimizer's own, as train has it, unless given.")
  private String lr;

  @Option(names = "--seed", paramLabel = "N,...", description = "Seeds; 0 unless given.")
  private String seed;

  private static Map<String, String> usual() {
    Map<String, String> words = new LinkedHashMap<>();
    words.put("depth", "2,5,10,20,40");
    words.put("width", "64");
    words.put("activation", "logistic,tanh,relu");
    words.put("init", "pytorch,xavier,he,orthogonal,normal:0.01,normal:1");
    words.put("gain", "1");
    words.put("bias", "0");
    words.put("norm", "none");
    words.put("skip", "none");
    words.put("optimizer", "sgd");
    words.put("seed", "0");
    return words;
  }

  /**
   * Returns the grid that the file and the options describe.
   *
   * @throws BadInput with the word that is wrong
   */
  Grid grid() {
    Map<String, Axis> axes = new LinkedHashMap<>();
    USUAL.forEach((name, words) -> axes.put(name, axis("--" + name, words)));
    if (file != null) {
      axes.putAll(read());
    }
    given().forEach((name, words) -> axes.put(name, axis("--" + name, words)));
    return new Grid(
        axes.get("depth").wholes(),
        axes.get("width").wholes(),
        axes.get("activation").names(Activation::named),
        axes.get("init").names(GridOptions::plain),
        axes.get("gain").numbers(),
        axes.get("bias").numbers(),
        axes.get("norm").choices(List.of(HiddenLayers.Norm.values())),
        axes.get("skip").choices(List.of(GridCell.Skip.values())),
        axes.get("optimizer").choices(List.of(Method.values())),
        axes.containsKey("lr")
            ? axes.get("lr").numbers().stream().map(Double::floatValue).toList()
            : List.of(),
        axes.get("seed").wholes().stream().map(Integer::longValue).toList());
  }

  private Map<String, String> given() {
    Map<String, String> words = new LinkedHashMap<>();
    words.put("depth", depth);
    words.put("width", width);
    words.put("activation", activation);
    words.put("init", init);
    words.put("gain", gain);
    words.put("bias", bias);
    words.put("norm", norm);
    words.put("skip", skip);
    words.put("optimizer", optimizer);
    words.put("lr", lr);
    words.put("seed", seed);
    words.values().removeIf(word -> word == null);
    return words;
  }

  private static Axis axis(String option, String words) {
    return new Axis(option, Commas.values(option, words));
  }

  /** A shell has its own use for parentheses: normal:0.01 is normal(0.01). */
  private static String plain(String word) {
    int colon = word.indexOf(':');
    return colon < 0 ? word : word.substring(0, colon) + "(" + word.substring(colon + 1) + ")";
  }

  private Map<String, Axis> read() {
    try (JsonParser json = new JsonFactory().createParser(Files.readString(file))) {
      json.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
      Map<String, Axis> axes = new LinkedHashMap<>();
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw bad("holds no JSON object, as {\"depth\": [10, 30]}", null);
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        if (!AXES.contains(name)) {
          String known = String.join(", ", AXES);
          throw bad("has '" + name + "', which is no axis (known: " + known + ")", null);
        }
        axes.put(name, new Axis("--grid " + file + ": '" + name + "'", words(json, name)));
      }
      if (json.nextToken() != null) {
        throw bad("holds more than one JSON object", null);
      }
      return axes;
    } catch (NoSuchFileException e) {
      throw bad("no such file", e);
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw bad("cannot be read: " + why, e);
    }
  }

  private List<String> words(JsonParser json, String name) throws IOException {
    List<String> words = new ArrayList<>();
    if (json.nextToken() != JsonToken.START_ARRAY) {
      words.add(word(json, name));
      return words;
    }
    while (json.nextToken() != JsonToken.END_ARRAY) {
      words.add(word(json, name));
    }
    return words;
  }

  private String word(JsonParser json, String name) throws IOException {
    if (json.currentToken() == null || !json.currentToken().isScalarValue()) {
      throw bad("'" + name + "' holds neither a word or number nor a list of them", null);
    }
    return json.getText();
  }

  private BadInput bad(String why, IOException cause) {
    return new BadInput("--grid " + file + ": " + why, cause);
  }
}
