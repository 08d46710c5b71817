package fathom.train;

import fathom.data.DataException;
import fathom.data.Safetensors;
import fathom.data.Scaling;
import fathom.data.Task;
import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Models as safetensors files. Tensors have the names and shapes of PyTorch's {@code
 * nn.Sequential}, so that PyTorch loads them; architecture, scaling and names stand in the
 * metadata, so that prediction needs nothing else. A file is written whole or not at all.
 */
public final class Models {
  private static final String LAYERS = "fathom.layers";
  private static final String TASK = "fathom.task";
  private static final String CLASSES = "fathom.classes";
  private static final String FEATURES = "fathom.features";
  private static final String INPUT = "fathom.input";
  private static final String TARGET = "fathom.target";
  private static final String PROVENANCE = "fathom.about.";

  private Models() {}

  /** Writes a network alone. */
  public static void save(Network network, Path file) {
    save(Model.of(network), file);
  }

  /**
   * Writes a model: to a temporary file beside the old one, synced, then renamed. Training waits
   * meanwhile, predictions go on.
   *
   * @throws java.io.UncheckedIOException if the file cannot be written, or the thread is
   *     interrupted; an old one is untouched
   * @throws IllegalArgumentException if a parameter or statistic is NaN or infinite; an old file is
   *     untouched
   */
  public static void save(Model model, Path file) {
    Network network = model.network();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    metadata.put(LAYERS, network.architecture().toString());
    metadata.put(TASK, model.task().name());
    putScaling(metadata, INPUT, model.scaling());
    if (model.targetScaling() != null) {
      putScaling(metadata, TARGET, model.targetScaling());
    }
    putNames(metadata, CLASSES, model.classNames());
    putNames(metadata, FEATURES, model.featureNames());
    new TreeMap<>(model.provenance()).forEach((k, v) -> metadata.put(PROVENANCE + k, v));
    long stamp = network.beginReading();
    try {
      NonFinite found = NonFinite.in(network);
      if (found != null) {
        throw new IllegalArgumentException(
            file
                + ": cannot be written: "
                + found
                + "; train with a lower rate, clip or normalize");
      }
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      putTensors(tensors, "", network, tensors(network));
      Safetensors.write(file, metadata, tensors);
    } finally {
      network.endReading(stamp);
    }
  }

  /**
   * Adds matrices in the shapes of PyTorch's tensors.
   *
   * @param prefix of their names
   * @param matrices by the names of a network's parameters and statistics
   */
  static void putTensors(
      Map<String, Safetensors.Tensor> tensors,
      String prefix,
      Network network,
      Map<String, Matrix> matrices) {
    Set<String> weights = network.weightNames();
    matrices.forEach(
        (name, matrix) ->
            tensors.put(
                prefix + name,
                weights.contains(name)
                    ? Safetensors.Tensor.of(matrix)
                    : Safetensors.Tensor.vector(matrix)));
  }

  /** Returns what is learnt and what is kept, in that order. */
  static Map<String, Matrix> tensors(Network network) {
    Map<String, Matrix> all = new LinkedHashMap<>(network.parameters().matrices());
    all.putAll(network.statistics().matrices());
    return all;
  }

  private static void putScaling(Map<String, String> metadata, String key, Scaling scaling) {
    metadata.put(key + ".shift", Numbers.text(scaling.shift()));
    metadata.put(key + ".scale", Numbers.text(scaling.scale()));
  }

  private static void putNames(Map<String, String> metadata, String key, List<String> names) {
    if (!names.isEmpty()) {
      metadata.put(key, names.stream().map(Models::escaped).collect(Collectors.joining("\n")));
    }
  }

  private static String escaped(String name) {
    return name.replace("\\", "\\\\").replace("\n", "\\n");
  }

  private static String unescaped(String name) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '\\' && i + 1 < name.length()) {
        i++;
        c = name.charAt(i) == 'n' ? '\n' : name.charAt(i);
      }
      text.append(c);
    }
    return text.toString();
  }

  /**
   * Copies tensors of a model's file into a network, whatever else either has.
   *
   * @param names of parameters or statistics, as in {@code 0.weight}
   * @throws IllegalArgumentException if the network has none of such a name
   * @throws DataException if the file is missing or unsound, or its tensor of a name is missing, of
   *     another shape or type, or holds NaN or infinities; nothing is copied then
   */
  public static void loadInto(Network network, Path file, String... names) {
    Map<String, Matrix> all = tensors(network);
    Set<String> weights = network.weightNames();
    try (Safetensors tensors = Safetensors.read(file)) {
      for (String name : names) {
        Matrix target = all.get(name);
        if (target == null) {
          throw new IllegalArgumentException(
              "the network has no '" + name + "'; it has " + String.join(", ", all.keySet()));
        }
        List<Long> shape =
            weights.contains(name)
                ? List.of((long) target.rows(), (long) target.cols())
                : List.of((long) target.rows() * target.cols());
        if (!tensors.shape(name).equals(shape)) {
          throw new DataException(
              String.format(
                  "%s: tensor '%s' has shape %s, and the network's %s; build the network with the"
                      + " file's layers",
                  file, name, tensors.shape(name), shape));
        }
        NonFinite.requireNone(tensors, file, name, NonFinite.Allowed.NONE);
      }
      long stamp = network.beginStep();
      try {
        for (String name : names) {
          tensors.copyTo(name, all.get(name));
        }
      } finally {
        network.endStep(stamp);
      }
    }
  }

  /**
   * Copies the first layers of a model's file into a network that begins with the same ones.
   *
   * @param count how many layers, counted as {@link Network#depth} counts them
   * @throws DataException as {@link #loadInto}
   */
  public static void loadLayers(Network network, Path file, int count) {
    loadInto(network, file, network.names(count).toArray(new String[0]));
  }

  /**
   * Reads a model onto the engine that networks share.
   *
   * @throws DataException if the file is missing, unsound, or no model of Fathom
   */
  public static Model load(Path file) {
    return load(file, null);
  }

  /**
   * Reads a model.
   *
   * @param engine what is to compute, closed by the caller; null for the one that networks share
   * @throws DataException if the file is missing, unsound, or no model of Fathom, or holds NaN or
   *     infinities
   */
  public static Model load(Path file, Engine engine) {
    try (Safetensors tensors = Safetensors.read(file)) {
      Map<String, String> metadata = tensors.metadata();
      Network network = network(file, tensors, engine);
      try {
        for (Map.Entry<String, Matrix> e : tensors(network).entrySet()) {
          tensors.copyTo(e.getKey(), e.getValue());
        }
        NonFinite found = NonFinite.in(network);
        if (found != null) {
          throw new DataException(
              file + ": tensor " + found + ": the training diverged, or the file is damaged");
        }
        return model(file, metadata, network);
      } catch (Throwable t) {
        network.close();
        throw t;
      }
    }
  }

  private static Model model(Path file, Map<String, String> metadata, Network network) {
    Task task;
    try {
      task = Task.valueOf(metadata.getOrDefault(TASK, Task.UNLABELLED.name()));
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": unknown task '" + metadata.get(TASK) + "'");
    }
    Scaling targets =
        task == Task.REGRESSION ? scaling(file, metadata, TARGET, network.outputs()) : null;
    List<String> classes = names(file, metadata, CLASSES, network.outputs());
    List<String> features = names(file, metadata, FEATURES, network.inputs());
    Map<String, String> provenance = new LinkedHashMap<>();
    metadata.forEach(
        (k, v) -> {
          if (k.startsWith(PROVENANCE)) {
            provenance.put(k.substring(PROVENANCE.length()), v);
          }
        });
    Scaling inputs = scaling(file, metadata, INPUT, network.inputs());
    return new Model(network, task, inputs, targets, classes, features, provenance);
  }

  /** Builds the network that the metadata describe, once the file is known to hold its tensors. */
  private static Network network(Path file, Safetensors tensors, Engine engine) {
    String text = tensors.metadata().get(LAYERS);
    if (text == null) {
      throw new DataException(
          file + ": is no model of Fathom: its metadata have no '" + LAYERS + "'");
    }
    NetworkBuilder builder;
    try {
      builder = Network.parse(text);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": '" + LAYERS + "' is no architecture: " + e.getMessage());
    }
    Map<String, List<Long>> expected = builder.tensors();
    for (Map.Entry<String, List<Long>> e : expected.entrySet()) {
      requireShape(file, tensors, e.getKey(), e.getValue());
    }
    Set<String> found = new TreeSet<>(tensors.names());
    found.removeIf(name -> name.endsWith(".num_batches_tracked"));
    if (!found.equals(expected.keySet())) {
      throw new DataException(
          String.format(
              "%s: holds %d tensors where its layers '%s' have %d; the file is damaged",
              file, found.size(), text, expected.size()));
    }
    if (engine != null) {
      builder.engine(engine);
    }
    return builder.build();
  }

  private static void requireShape(
      Path file, Safetensors tensors, String name, List<Long> expected) {
    List<Long> shape = tensors.shape(name);
    if (!shape.equals(expected)) {
      throw new DataException(
          String.format(
              "%s: tensor '%s' has shape %s where its layers say %s; the file is damaged",
              file, name, shape, expected));
    }
  }

  private static Scaling scaling(Path file, Map<String, String> metadata, String key, int length) {
    if (!metadata.containsKey(key + ".shift")) {
      return Scaling.identity(length);
    }
    try {
      float[] shift = Numbers.floats(metadata.get(key + ".shift"));
      float[] scale = Numbers.floats(metadata.getOrDefault(key + ".scale", ""));
      if (shift.length == length && scale.length == length) {
        return new Scaling(shift, scale);
      }
      throw new DataException(
          String.format(
              "%s: '%s' scales %d columns, the network has %d", file, key, shift.length, length));
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": '" + key + "' is no scaling: " + e.getMessage());
    }
  }

  private static List<String> names(
      Path file, Map<String, String> metadata, String key, int length) {
    String text = metadata.get(key);
    if (text == null) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    for (String name : text.split("\n", -1)) {
      names.add(unescaped(name));
    }
    if (names.size() != length) {
      throw new DataException(
          String.format("%s: %d names in '%s' for %d", file, names.size(), key, length));
    }
    return names;
  }
}
