/** Off-heap numbers: a matrix is a view, a slab owns the memory. */
package fathom.matrix;
