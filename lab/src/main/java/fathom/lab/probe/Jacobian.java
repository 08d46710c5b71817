package fathom.lab.probe;

/**
 * Singular values of {@link fathom.nn.Linearization}'s J, the last hidden layer's output by the
 * first layer's weighted sums.
 *
 * @param largest the largest singular value of any sample's J, by power iteration on {@code JᵀJ}
 *     from a random vector: approached from below
 * @param change by which share the last round still raised it
 * @param meanSquare the mean of the squared singular values of all samples, {@code |J|²_F / n} with
 *     n the smaller side of J; by random signs u, {@code E |Jᵀu|² = |J|²_F}
 * @param meanSquareError the standard error of meanSquare, from the spread over vectors
 */
public record Jacobian(double largest, double change, double meanSquare, double meanSquareError) {}
