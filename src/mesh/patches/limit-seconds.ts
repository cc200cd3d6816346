/**
 * How long a circuit lasts, in ms, by the number that its relay states. The protocol has seconds, and js-libp2p's relay server states
 * milliseconds: 120,000 for two minutes. A number of whole thousands is taken for such. If it was none, the circuits of that relay are
 * replaced sooner than they have to be.
 *
 * Seen in @libp2p/circuit-relay-v2 4.2.13. Upstream: not reported, see README.md.
 */
export function statedMs(seconds: number): number {
  return seconds >= 10_000 && seconds % 1000 === 0 ? seconds : seconds * 1000
}
