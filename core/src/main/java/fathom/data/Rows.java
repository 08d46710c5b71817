package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Some rows of a dataset, or all: a view by index that shares the memory, and is worthless once the
 * dataset is closed. Immutable.
 */
public final class Rows {
  private static final int PIECE = 256;
  private static final long SPLIT = 0x73706C6974L;
  private static final long FOLDS = 0x666F6C6473L;
  private static final long FEW = 0x666577L;

  private final Dataset data;
  private final int[] index;

  /** Views the rows of an index that nobody changes; null stands for all rows in order. */
  Rows(Dataset data, int[] index) {
    this.data = data;
    this.index = index;
  }

  /** Returns the dataset that owns the memory. */
  public Dataset dataset() {
    return data;
  }

  public int size() {
    return index == null ? data.size() : index.length;
  }

  /**
   * Returns where row i of this view lies in the dataset.
   *
   * @throws IndexOutOfBoundsException if there is none
   */
  public int row(int i) {
    if (i < 0 || i >= size()) {
      throw new IndexOutOfBoundsException("row " + i + " of " + size());
    }
    return index == null ? i : index[i];
  }

  /**
   * Returns the class of row i of this view.
   *
   * @throws IllegalStateException if this is no classification, or the dataset is closed
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public int label(int i) {
    if (data.task() != Task.CLASSIFICATION) {
      throw new IllegalStateException("rows for " + data.task() + " have no labels");
    }
    return data.labels().getAtIndex(JAVA_INT, row(i));
  }

  /** Returns how many rows each class has. */
  public int[] classCounts() {
    int[] counts = new int[data.classes()];
    for (int i = 0; i < size(); i++) {
      counts[label(i)]++;
    }
    return counts;
  }

  /**
   * Divides these rows at random into a part to train on and a part held out, of {@code fraction *
   * size()} rows to the nearest. It is stratified: of each class, the part held out takes its share
   * to within one row. Both keep the order of these rows, share their memory, and depend on the
   * seed alone.
   *
   * @throws IllegalArgumentException if either part would be empty
   */
  public Split split(double fraction, long seed) {
    int n = size();
    long held = fraction > 0 && fraction < 1 ? Math.round(n * fraction) : 0;
    if (held == 0 || held == n) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a fraction of %s of %d rows leaves one part empty: choose a fraction within (0, 1)"
                  + " that gives both parts a row",
              fraction,
              n));
    }
    int[] order = Shuffle.identity(n);
    Shuffle.shuffle(order, Shuffle.derive(seed, SPLIT));
    if (data.task() == Task.CLASSIFICATION) {
      order = byClass(order);
    }
    int[] out = new int[(int) held];
    int[] rest = new int[n - (int) held];
    int taken = 0;
    for (int i = 0; i < n; i++) {
      // Even steps through the classes one after the other give each class its share.
      if ((i + 1L) * held / n > taken) {
        out[taken++] = order[i];
      } else {
        rest[i - taken] = order[i];
      }
    }
    return new Split(view(rest), view(out));
  }

  /**
   * Divides these rows at random into k parts for cross-validation, each held out once while the
   * others are trained on; parts differ in size by at most one row, and in the number of rows of
   * each class as well. All keep the order of these rows, share their memory, and depend on the
   * seed alone.
   *
   * @return k splits, which hold out every row once
   * @throws IllegalArgumentException if k is below 2 or above the number of rows
   */
  public List<Split> folds(int k, long seed) {
    return folds(k, seed, data.task() == Task.CLASSIFICATION);
  }

  /**
   * As {@link #folds}, but without regard to classes.
   *
   * @throws IllegalArgumentException if k is below 2 or above the number of rows
   */
  public List<Split> plainFolds(int k, long seed) {
    return folds(k, seed, false);
  }

  private List<Split> folds(int k, long seed, boolean stratified) {
    int n = size();
    if (k < 2 || k > n) {
      throw new IllegalArgumentException(
          k + " folds of " + n + " rows: choose at least 2, and at most one for each row");
    }
    int[] order = Shuffle.identity(n);
    Shuffle.shuffle(order, Shuffle.derive(seed, FOLDS));
    if (stratified) {
      order = byClass(order);
    }
    List<Split> splits = new ArrayList<>();
    for (int fold = 0; fold < k; fold++) {
      int[] out = new int[(n - fold + k - 1) / k];
      int[] rest = new int[n - out.length];
      for (int i = 0; i < n; i++) {
        // Dealing out one class after the other gives each part its share.
        if (i % k == fold) {
          out[i / k] = order[i];
        } else {
          rest[i - i / k - (i % k > fold ? 1 : 0)] = order[i];
        }
      }
      splits.add(new Split(view(rest), view(out)));
    }
    return List.copyOf(splits);
  }

  /**
   * Chooses some rows of each class at random, as where labels are dear. They keep the order of
   * these rows, share their memory, and depend on the seed alone.
   *
   * @param count how many rows of each class
   * @throws IllegalArgumentException if that is not positive, or a class has fewer
   * @throws IllegalStateException if this is no classification, or the dataset is closed
   */
  public Rows perClass(int count, long seed) {
    int[] counts = classCounts();
    for (int c = 0; c < counts.length; c++) {
      if (count < 1 || counts[c] < count) {
        String name = data.classNames() == null ? Integer.toString(c) : data.classNames().get(c);
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "cannot choose %d rows of each class: class %s has %d; choose at least 1, and no"
                    + " more than each has",
                count,
                name,
                counts[c]));
      }
    }
    int[] order = Shuffle.identity(size());
    Shuffle.shuffle(order, Shuffle.derive(seed, FEW));
    int[] chosen = new int[count * counts.length];
    int[] taken = new int[counts.length];
    int n = 0;
    for (int i : order) {
      if (taken[label(i)]++ < count) {
        chosen[n++] = i;
      }
    }
    return view(chosen);
  }

  /**
   * Copies the rows of some classes to a dataset of their own, which knows no others: the first of
   * them is its class 0. It keeps names, image size and scaling; the caller closes it.
   *
   * @param classes of this dataset, in the order of the new one
   * @throws IllegalArgumentException if there is no such class, one is named twice, or there is no
   *     row of any
   * @throws IllegalStateException if this is no classification, or the dataset is closed
   */
  public Dataset ofClasses(int... classes) {
    int[] order = new int[size()];
    int[] labels = new int[size()];
    int[] place = places(classes);
    int n = 0;
    for (int i = 0; i < size(); i++) {
      if (place[label(i)] >= 0) {
        order[n] = row(i);
        labels[n++] = place[label(i)];
      }
    }
    if (n == 0) {
      throw new IllegalArgumentException(
          "no row is of the classes " + Arrays.toString(classes) + "; choose others");
    }
    Dataset chosen = new Dataset(Task.CLASSIFICATION, n, data.features(), classes.length);
    data.rowInputs().copy(order, 0, n, chosen.inputs().segment(), 0);
    MemorySegment.copy(labels, 0, chosen.labels(), JAVA_INT, 0, n);
    String which = Arrays.toString(classes);
    if (data.classNames() != null) {
      List<String> names = Arrays.stream(classes).mapToObj(data.classNames()::get).toList();
      which = chosen.classNames(names).classNames().toString();
    }
    if (data.featureNames() != null) {
      chosen.featureNames(data.featureNames());
    }
    if (data.imageWidth() > 0) {
      chosen.imageSize(data.imageWidth(), data.imageHeight());
    }
    return chosen
        .scaled(data.scaling())
        .about(String.format(Locale.ROOT, "%s; %d of the classes %s", data.about(), n, which));
  }

  /** Returns the place of each class among some, -1 for the others. */
  private int[] places(int[] classes) {
    int[] place = new int[data.classes()];
    Arrays.fill(place, -1);
    for (int i = 0; i < classes.length; i++) {
      int c = classes[i];
      if (c < 0 || c >= place.length || place[c] >= 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "class %d is %s: choose among 0 to %d, each once",
                c,
                c < 0 || c >= place.length ? "not there" : "named twice",
                place.length - 1));
      }
      place[c] = i;
    }
    return place;
  }

  /**
   * Returns these rows in batches, in a random order that depends on the seed alone; the last batch
   * may be smaller.
   *
   * @throws IllegalArgumentException if the size is not positive
   */
  public Batches batches(int size, long seed) {
    return new Batches(this, size, true, seed);
  }

  /**
   * Returns these rows in batches, in a random order that depends on the seed and the epoch alone,
   * so that any epoch can be had without those before it; the last batch may be smaller.
   *
   * @throws IllegalArgumentException if the size is not positive
   */
  public Batches batches(int size, long seed, long epoch) {
    return new Batches(this, size, true, Shuffle.nth(seed, epoch));
  }

  /**
   * Returns these rows in batches, in their order; the last batch may be smaller.
   *
   * @throws IllegalArgumentException if the size is not positive
   */
  public Batches batchesInOrder(int size) {
    return new Batches(this, size, false, 0);
  }

  /**
   * Returns a checksum (CRC-32C) of these rows' numbers in their order: inputs as they are scaled
   * now, labels and targets.
   *
   * @throws IllegalStateException if the dataset is closed
   */
  public long checksum() {
    CRC32C sum = new CRC32C();
    for (Batch batch : batchesInOrder(PIECE)) {
      sum.update(bytes(batch.inputs()));
      if (batch.labels() != null) {
        long length = (long) batch.size() * Integer.BYTES;
        sum.update(batch.labels().asSlice(0, length).asByteBuffer());
      }
      if (batch.targets() != null) {
        sum.update(bytes(batch.targets()));
      }
    }
    return sum.getValue();
  }

  /** Rows of a batch lie without gaps. */
  private static ByteBuffer bytes(Matrix rows) {
    long length = (long) rows.rows() * rows.cols() * Float.BYTES;
    return rows.segment().asSlice(rows.byteOffset(0, 0), length).asByteBuffer();
  }

  /** Returns a copy of the places in the dataset, or null for all rows in order. */
  int[] order() {
    return index == null ? null : index.clone();
  }

  private Rows view(int[] positions) {
    Arrays.sort(positions);
    for (int i = 0; i < positions.length; i++) {
      positions[i] = row(positions[i]);
    }
    return new Rows(data, positions);
  }

  /** Sorts positions by class, keeping their order within a class. */
  private int[] byClass(int[] positions) {
    int[] counts = classCounts();
    int[] next = new int[counts.length];
    for (int c = 1; c < counts.length; c++) {
      next[c] = next[c - 1] + counts[c - 1];
    }
    int[] sorted = new int[positions.length];
    for (int position : positions) {
      sorted[next[label(position)]++] = position;
    }
    return sorted;
  }
}
