/** Training loops, evaluation, and models in files. */
package fathom.train;
