/**
 * Stress tests: sweeps over a grid of architectures, each measured, trained for some steps and
 * given a verdict.
 *
 * <p>Names {@code theory} and {@code probe}, the rooms below it.
 */
package fathom.lab.stress;
