/** The {@code fathom} command: flags, progress and reports. All that computes is in the core. */
package fathom.cli;
