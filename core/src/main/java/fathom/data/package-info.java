/**
 * Data sets in native memory, batches, scaling, and the files they come from: IDX, CSV and
 * safetensors.
 *
 * <p>Rows are samples and lie row-major: N x n inputs, and beside them N integer labels or N x K
 * targets. A {@link fathom.data.Dataset} owns the memory; {@link fathom.data.Rows} and {@link
 * fathom.data.Batch} look into it. Readers prove a file before they allocate what it promises, and
 * report what is wrong with it as one line in a {@link fathom.data.DataException}. No number is
 * read or written by the rules of a locale.
 */
package fathom.data;
