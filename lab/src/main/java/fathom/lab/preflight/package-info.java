/**
 * Preflights: whether a network can be trained, foretold from measurement, theory and a rehearsal
 * of the training.
 *
 * <p>At the top of the lab: names {@code stress}, whose verdicts it foretells, {@code theory} and
 * {@code probe}. No other room names it.
 */
package fathom.lab.preflight;
