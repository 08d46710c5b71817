package fathom.data;

/** What is to be learnt from the rows of a dataset. */
public enum Task {
  /** Each row has an integer label: its class. */
  CLASSIFICATION,
  /** Each row has one or more real targets. */
  REGRESSION,
  /** Rows have inputs only, as for prediction. */
  UNLABELLED
}
