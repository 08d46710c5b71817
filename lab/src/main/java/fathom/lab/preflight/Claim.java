package fathom.lab.preflight;

/**
 * A figure of a network that has not been trained, measured and foretold.
 *
 * @param name of the figure, in one word
 * @param measured in the network itself; NaN if it cannot be
 * @param foretold by mean-field theory; NaN if there is no formula
 * @param text what it says, with its numbers
 */
public record Claim(String name, double measured, double foretold, String text) {}
