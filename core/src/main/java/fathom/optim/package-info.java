/**
 * Optimizers: immutable settings, and the state that a training run gives them. They see flat slabs
 * of parameters and gradients, never layers.
 */
package fathom.optim;
