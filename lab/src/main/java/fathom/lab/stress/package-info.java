/** Sweeps over many architectures, each measured, trained for some steps and given a verdict. */
package fathom.lab.stress;
