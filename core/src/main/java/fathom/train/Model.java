package fathom.train;

import fathom.data.Scaling;
import fathom.data.Task;
import fathom.nn.Network;
import java.util.List;
import java.util.Map;

/**
 * A network with all that prediction needs beside it: what {@link Models} keeps in a file.
 *
 * @param network the network, closed with this model
 * @param task what it was trained for
 * @param scaling what turns the values of a data file into inputs
 * @param targetScaling what turned the file's targets into those of training; null if this is no
 *     regression
 * @param classNames the classes in the order of the outputs; empty for a regression
 * @param featureNames the features in the order of the inputs; empty where they have no names
 * @param provenance where the model comes from, for people: data, settings, seed, versions
 */
public record Model(
    Network network,
    Task task,
    Scaling scaling,
    Scaling targetScaling,
    List<String> classNames,
    List<String> featureNames,
    Map<String, String> provenance)
    implements AutoCloseable {

  /** Copies the lists and the map. */
  public Model {
    classNames = List.copyOf(classNames);
    featureNames = List.copyOf(featureNames);
    provenance = Map.copyOf(provenance);
  }

  /** A network alone: inputs as they are, outputs without names. */
  public static Model of(Network network) {
    Scaling none = Scaling.identity(network.inputs());
    return new Model(network, Task.UNLABELLED, none, null, List.of(), List.of(), Map.of());
  }

  /** Closes the network. */
  @Override
  public void close() {
    network.close();
  }
}
