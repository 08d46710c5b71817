/**
 * Optimizers: immutable hyperparameters, and the state that training changes; schedules of the
 * learning rate.
 *
 * <p>An optimizer is a record, the kernel in {@link fathom.kernel.UpdateKernels} that does its
 * step, and a {@link fathom.optim.Optimizer.Rule} that ties the two together. Optimizers see slabs
 * of numbers, never layers. A {@link fathom.optim.Schedule} is a function of the step.
 */
package fathom.optim;
