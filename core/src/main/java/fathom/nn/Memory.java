package fathom.nn;

/**
 * The memory that a network takes beside the heap, in bytes. An optimizer's moments, and copies
 * that somebody keeps, are as large as the parameters each.
 *
 * @param parameters of the parameters, and as many again of the gradients
 * @param statistics of what is kept and not learnt
 * @param training of a training pass: outputs, what backward needs, gradients on their way
 * @param inference of a caller's answers, which one call at a time takes
 */
public record Memory(long parameters, long statistics, long training, long inference) {}
