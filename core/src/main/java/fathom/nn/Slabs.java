package fathom.nn;

import fathom.matrix.Slab;

/**
 * The numbers of a network's layers.
 *
 * @param gradients of the parameters; null in inference
 */
record Slabs(Slab parameters, Slab statistics, Slab gradients) {}
