package fathom.train;

import fathom.data.DataException;
import fathom.data.Safetensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The texts of a checkpoint, read as numbers.
 *
 * @param file that they are from, for messages
 */
record CheckpointMetadata(Path file, Map<String, String> texts) {
  /**
   * Reads the texts of a file.
   *
   * @throws DataException if it is no checkpoint, or one of another version
   */
  static CheckpointMetadata of(Path file, Safetensors read) {
    String version = read.metadata().get(Checkpoint.PREFIX);
    if (!Checkpoint.VERSION.equals(version)) {
      throw new DataException(
          version == null
              ? file
                  + ": is no checkpoint of Fathom: its metadata have no '"
                  + Checkpoint.PREFIX
                  + "'"
              : file
                  + ": is a checkpoint of version "
                  + version
                  + ", and "
                  + Checkpoint.VERSION
                  + " is read");
    }
    return new CheckpointMetadata(file, read.metadata());
  }

  /** Returns where the training was in its data, and the notes of whoever drove it. */
  Checkpoint.Progress progress() {
    Map<String, String> notes = new LinkedHashMap<>();
    texts.forEach(
        (k, v) -> {
          if (k.startsWith(Checkpoint.NOTE)) {
            notes.put(k.substring(Checkpoint.NOTE.length()), v);
          }
        });
    int epoch = (int) whole(Checkpoint.EPOCH, 1, Integer.MAX_VALUE);
    return new Checkpoint.Progress(
        epoch, (int) whole(Checkpoint.BATCH, 0, Integer.MAX_VALUE), notes);
  }

  /** Returns a whole number within bounds. */
  long whole(String key, long least, long most) {
    String text = texts.get(key);
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, as of a number out of bounds.
    }
    throw damaged(key, "a whole number from " + least + " to " + most);
  }

  /** Returns a number that is finite and at least 0. */
  float rate(String key) {
    double[] numbers = numbers(key);
    if (numbers.length != 1 || !isRate(numbers[0])) {
      throw damaged(key, "a finite number of at least 0");
    }
    return (float) numbers[0];
  }

  /** Returns numbers that are finite and at least 0, as many as wanted; none stands for ones. */
  float[] rates(String key, int wanted) {
    double[] numbers = numbers(key);
    float[] rates = new float[wanted];
    for (int i = 0; i < wanted; i++) {
      double number = numbers.length == 0 ? 1 : i < numbers.length ? numbers[i] : Double.NaN;
      if (numbers.length > wanted || !isRate(number)) {
        throw damaged(key, wanted + " finite numbers of at least 0");
      }
      rates[i] = (float) number;
    }
    return rates;
  }

  private static boolean isRate(double number) {
    return number >= 0 && (float) number < Float.POSITIVE_INFINITY;
  }

  /** Returns numbers; none stands for none. */
  double[] numbers(String key) {
    String text = texts.get(key);
    try {
      if (text != null) {
        return Numbers.doubles(text);
      }
    } catch (NumberFormatException e) {
      // Said below, as of a text that is missing.
    }
    throw damaged(key, "a list of numbers");
  }

  private DataException damaged(String key, String wanted) {
    String there = texts.get(key);
    return damaged(
        "'" + key + "' is " + (there == null ? "missing" : "'" + there + "'") + ", not " + wanted);
  }

  /** Returns what to say of a checkpoint that makes no sense. */
  DataException damaged(String what) {
    return new DataException(file + ": is damaged: " + what);
  }
}
