/**
 * Reproductions of published results: what the papers print, computed anew and set beside our own
 * figures.
 *
 * <p>At the top of the lab: names {@code theory} and {@code probe}. No other room names it.
 */
package fathom.lab.papers;
