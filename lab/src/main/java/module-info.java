/**
 * Fathom's lab: theory and probes at the bottom, stress tests above them, and preflights and
 * reproductions of published results at the top.
 */
module fathom.lab {
  requires transitive fathom.core;
  requires com.fasterxml.jackson.core;
  requires de.siegmar.fastcsv;

  exports fathom.lab.papers;
  exports fathom.lab.preflight;
  exports fathom.lab.probe;
  exports fathom.lab.stress;
  exports fathom.lab.theory;
}
