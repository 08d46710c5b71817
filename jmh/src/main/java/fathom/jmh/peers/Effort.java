package fathom.jmh.peers;

/**
 * How long is measured.
 *
 * @param rounds how often each system has its turn
 * @param samples how often a system is timed in a turn
 * @param seconds the length of a sample
 */
record Effort(int rounds, int samples, double seconds) {}
