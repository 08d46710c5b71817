package fathom.lab.preflight;

/**
 * A figure of a network before its training: measured, and foretold where theory has a formula.
 *
 * @param name of the figure, in one word
 * @param measured in the network itself; NaN if it cannot be
 * @param foretold by mean-field theory; NaN if there is no formula
 * @param text what it says, with its numbers
 */
public record Diagnostic(String name, double measured, double foretold, String text) {}
