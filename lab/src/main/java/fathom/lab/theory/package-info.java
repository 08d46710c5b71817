/**
 * Mean-field theory of deep networks, in double precision: what becomes of signals, gradients and
 * correlations from layer to layer, and at which weights a network is critical.
 *
 * <p>This room and {@code probe} are the lowest of the lab and name no other room of it.
 */
package fathom.lab.theory;
