/**
 * The lab: what deep networks do before and while they train, measured and compared with theory and
 * with published results.
 */
package fathom.lab;
