package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reads images and labels in the IDX format of MNIST, plain or compressed by gzip (told by content,
 * not by name): unsigned bytes in three dimensions (images, rows, columns), and in one (labels).
 * Pixels become floats, times 1/255.
 *
 * <p>A file must hold exactly the bytes that its header promises. Nothing is allocated on the word
 * of a header: memory grows with what arrives. Images of a plain file stay there, mapped, so that
 * they may be larger than memory; the file must not be changed while the dataset is open.
 */
public final class Idx {
  private static final int VALUES = 256;

  private Idx() {}

  /**
   * Reads images and their labels; there are as many classes as the largest label asks for.
   *
   * @throws DataException if a file is missing, damaged, not what its header promises, or the two
   *     do not belong together
   */
  public static Dataset read(Path images, Path labels) {
    try (IdxFile pixels = IdxFile.read(images, IdxFile.IMAGES);
        IdxFile classes = IdxFile.read(labels, IdxFile.LABELS)) {
      return dataset(pixels, classes, classes.largest() + 1);
    }
  }

  /**
   * Reads images and their labels in {@code [0, classes)}.
   *
   * @throws DataException as {@link #read(Path, Path)}, or if a label is out of range
   */
  public static Dataset read(Path images, Path labels, int classes) {
    try (IdxFile pixels = IdxFile.read(images, IdxFile.IMAGES);
        IdxFile values = IdxFile.read(labels, IdxFile.LABELS)) {
      return dataset(pixels, values, classes);
    }
  }

  /**
   * Reads images without labels, as for prediction.
   *
   * @throws DataException as {@link #read(Path, Path)}
   */
  public static Dataset readImages(Path images) {
    try (IdxFile pixels = IdxFile.read(images, IdxFile.IMAGES)) {
      return dataset(pixels, null, 0);
    }
  }

  /**
   * Reads {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte} and, if there, the same
   * of {@code t10k-} or {@code test-}; each also with {@code .idx3} for {@code -idx3}, and with
   * {@code .gz}.
   *
   * @throws DataException as {@link #read(Path, Path)}, or if files of the training set are missing
   */
  public static Sets readDirectory(Path directory) {
    requireDirectory(directory);
    Path trainImages = find(directory, "train", "images", 3).orElseThrow(() -> noImages(directory));
    Path trainLabels = labelsOf(directory, "train", trainImages);
    String test = testName(directory);
    Optional<Path> testImages = find(directory, test, "images", 3);
    if (testImages.isEmpty()) {
      return new Sets(read(trainImages, trainLabels), null);
    }
    Path testLabels = labelsOf(directory, test, testImages.get());
    try (IdxFile trainValues = IdxFile.read(trainLabels, IdxFile.LABELS);
        IdxFile testValues = IdxFile.read(testLabels, IdxFile.LABELS);
        IdxFile trainPixels = IdxFile.read(trainImages, IdxFile.IMAGES);
        IdxFile testPixels = IdxFile.read(testImages.get(), IdxFile.IMAGES)) {
      testPixels.requireSizeOf(trainPixels);
      int classes = Math.max(trainValues.largest(), testValues.largest()) + 1;
      Dataset train = dataset(trainPixels, trainValues, classes);
      try {
        return new Sets(train, dataset(testPixels, testValues, classes));
      } catch (Throwable t) {
        train.close();
        throw t;
      }
    }
  }

  /**
   * Reads the test set of a directory, or its training set where there is no other; files of the
   * set that is not wanted may be missing.
   *
   * @throws DataException as {@link #read(Path, Path)}, or if the directory holds neither
   */
  public static Dataset readTest(Path directory) {
    requireDirectory(directory);
    String set =
        find(directory, testName(directory), "images", 3).isPresent()
            ? testName(directory)
            : "train";
    Path images = find(directory, set, "images", 3).orElseThrow(() -> noImages(directory));
    return read(images, labelsOf(directory, set, images));
  }

  /** A training set and perhaps a test set, closed together. */
  public static final class Sets implements AutoCloseable {
    private final Dataset train;
    private final Dataset test;

    private Sets(Dataset train, Dataset test) {
      this.train = train;
      this.test = test;
    }

    public Dataset train() {
      return train;
    }

    /** Returns the test set, if the directory holds one. */
    public Optional<Dataset> test() {
      return Optional.ofNullable(test);
    }

    /**
     * Copies the rows of some classes to sets of their own, as {@link Rows#ofClasses}.
     *
     * @throws IllegalArgumentException as that
     */
    public Sets ofClasses(int... classes) {
      Dataset chosen = train.rows().ofClasses(classes);
      try {
        return new Sets(chosen, test == null ? null : test.rows().ofClasses(classes));
      } catch (Throwable t) {
        chosen.close();
        throw t;
      }
    }

    @Override
    public void close() {
      train.close();
      if (test != null) {
        test.close();
      }
    }
  }

  private static void requireDirectory(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new DataException(directory + ": no such directory; check the path");
    }
  }

  private static DataException noImages(Path directory) {
    return new DataException(
        directory
            + ": holds no train-images-idx3-ubyte or train-images-idx3-ubyte.gz; name the"
            + " directory that holds the IDX files");
  }

  private static String testName(Path directory) {
    return find(directory, "t10k", "images", 3).isPresent() ? "t10k" : "test";
  }

  private static Optional<Path> find(Path directory, String set, String what, int dimensions) {
    List<Path> names = new ArrayList<>();
    for (String end : List.of("", ".gz")) {
      for (String dot : List.of("-", ".")) {
        names.add(directory.resolve(set + "-" + what + dot + "idx" + dimensions + "-ubyte" + end));
      }
    }
    return names.stream().filter(Files::exists).findFirst();
  }

  private static Path labelsOf(Path directory, String set, Path images) {
    Optional<Path> labels = find(directory, set, "labels", 1);
    if (labels.isEmpty()) {
      throw new DataException(
          directory
              + ": holds "
              + images.getFileName()
              + " but no "
              + set
              + "-labels-idx1-ubyte or .gz; put the labels beside the images");
    }
    return labels.get();
  }

  private static Dataset dataset(IdxFile images, IdxFile labels, int classes) {
    if (labels != null) {
      labels.requireLabelsOf(images, classes);
    }
    int rows = images.count();
    int features = images.width() * images.height();
    Task task = labels == null ? Task.UNLABELLED : Task.CLASSIFICATION;
    Scaling pixels = Scaling.pixels(features, 255);
    Mapping mapping = images.handOver();
    Dataset data;
    if (mapping == null) {
      data = new Dataset(task, rows, features, classes);
      fill(data, images, pixels.scale()[0]);
    } else {
      MappedRows bytes = new MappedRows(images.parts().get(0), MappedRows.Type.U1, rows, features);
      data = new Dataset(mapping, task, bytes, classes);
    }
    fillLabels(data, labels);
    String about =
        String.format(
            Locale.ROOT,
            "%s: %d images of %dx%d",
            images.file(),
            rows,
            images.width(),
            images.height());
    if (labels != null) {
      data.classNames(IntStream.range(0, classes).mapToObj(Integer::toString).toList());
      about += " in " + classes + " classes";
    }
    return data.scaled(pixels).imageSize(images.width(), images.height()).about(about);
  }

  private static void fill(Dataset data, IdxFile images, float scale) {
    float[] values = new float[VALUES];
    for (int b = 0; b < VALUES; b++) {
      values[b] = b * scale;
    }
    MemorySegment inputs = data.inputs().segment();
    long at = 0;
    for (MemorySegment part : images.parts()) {
      long n = part.byteSize();
      for (long i = 0; i < n; i++, at++) {
        inputs.setAtIndex(JAVA_FLOAT, at, values[part.get(JAVA_BYTE, i) & 0xFF]);
      }
    }
  }

  private static void fillLabels(Dataset data, IdxFile labels) {
    if (labels == null) {
      return;
    }
    long at = 0;
    for (MemorySegment part : labels.parts()) {
      long n = part.byteSize();
      for (long i = 0; i < n; i++, at++) {
        data.labels().setAtIndex(JAVA_INT, at, part.get(JAVA_BYTE, i) & 0xFF);
      }
    }
  }
}
