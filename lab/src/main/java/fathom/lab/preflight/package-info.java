/**
 * Advice before a training: what measurement, theory and a rehearsal of the first steps foretell.
 */
package fathom.lab.preflight;
