/**
 * What mean-field theory says of deep networks before they are drawn: how signals, gradients and
 * correlations pass through layers, in double precision.
 */
package fathom.lab.theory;
