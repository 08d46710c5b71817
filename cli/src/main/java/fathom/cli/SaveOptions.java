package fathom.cli;

import fathom.nn.Network;
import fathom.train.Model;
import fathom.train.Models;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/** Where the model of a training goes. */
final class SaveOptions {
  @Option(
      names = "--save",
      paramLabel = "FILE.safetensors",
      description = "Write the model when training ends.")
  private Path path;

  private OutputFile file;

  /**
   * Tries whether the file can be written.
   *
   * @throws BadInput if not
   */
  void check() {
    file = path == null ? null : new OutputFile("--save", path).requireRegular();
  }

  Path path() {
    return path;
  }

  /** Returns whether the model is to replace one, which has been read by then. */
  boolean isAt(Path other) {
    return file != null && other != null && file.isAt(other);
  }

  /** Returns the file that was asked for, or null. */
  OutputFile file() {
    return file;
  }

  /**
   * Refuses a disk without room for the model.
   *
   * @throws BadInput if there is none
   */
  void requireRoom(Network network) {
    if (file != null) {
      file.requireRoom(Float.BYTES * network.parameterCount());
    }
  }

  /**
   * Returns what to say of a network that outlives a failure.
   *
   * @param epoch that it is of, or 0 if there is none
   */
  String rescue(int epoch) {
    if (epoch == 0) {
      return "";
    }
    String network = "; the network of epoch " + epoch + ", the best until then, is ";
    return network + (path == null ? "lost: give --save to keep it" : "kept in " + path);
  }

  /**
   * Writes a network that was trained, if that was asked for.
   *
   * @param from the model whose names it has, or null if it has those of the rows
   * @throws Unwritten if the file cannot be written; the model is kept elsewhere
   */
  void write(Network network, TrainingData rows, ModelFile from, Map<String, String> notes) {
    if (file == null) {
      return;
    }
    Model model =
        new Model(
            network,
            rows.data().task(),
            rows.data().scaling(),
            rows.data().targetScaling(),
            from == null ? rows.classNames() : from.classNames(),
            from == null ? rows.featureNames() : from.featureNames(),
            notes);
    file.keep(target -> Models.save(model, target));
  }
}
