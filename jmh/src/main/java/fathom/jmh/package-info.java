/**
 * Benchmarks. Each checks its result before it is timed, runs in forks of its own and takes its
 * shapes from real networks. Rates count what a user counts: steps, rows, values.
 */
package fathom.jmh;
