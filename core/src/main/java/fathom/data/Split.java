package fathom.data;

/**
 * Two parts of one dataset that have no row in common.
 *
 * @param train the rows to train on
 * @param held the rows held out, for validation or test
 */
public record Split(Rows train, Rows held) {}
