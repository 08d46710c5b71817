/**
 * Optimizers: immutable hyperparameters, and the state that training changes.
 *
 * <p>An optimizer is a record, the kernel in {@link fathom.kernel.UpdateKernels} that does its
 * step, and a {@link fathom.optim.Optimizer.Rule} that ties the two together. Optimizers see slabs
 * of numbers, never layers.
 */
package fathom.optim;
