/**
 * Probes: what a network does to signals, gradients and differences between inputs, measured layer
 * by layer.
 *
 * <p>This room and {@code theory} are the lowest of the lab and name no other room of it.
 */
package fathom.lab.probe;
