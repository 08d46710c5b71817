/**
 * Fathom beside its peers: what every JVM of a comparison runs ({@link fathom.jmh.peers.Child}),
 * and the command that starts them in turn and reports ({@link fathom.jmh.peers.Main}). What
 * children share names no type of Fathom's, because a peer's JVM has none of them.
 */
package fathom.jmh.peers;
