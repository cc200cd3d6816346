import type { ConnectionDetail } from '../../mesh/presence/peer-info.ts'

/** The open streams of a peer, by protocol. */
export function Streams({ connections }: { connections: readonly ConnectionDetail[] }) {
  const counts = new Map<string, { inbound: number; outbound: number }>()
  for (const { protocol, isInbound } of connections.flatMap(({ streams }) => streams)) {
    const count = counts.get(protocol) ?? { inbound: 0, outbound: 0 }
    count[isInbound ? 'inbound' : 'outbound'] += 1
    counts.set(protocol, count)
  }
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <section class="panel streams" aria-labelledby="streams-title">
      <h2 id="streams-title">Open streams</h2>
      {rows.length === 0 ? (
        <p class="soft hint">There is none just now.</p>
      ) : (
        <table aria-labelledby="streams-title">
          <thead>
            <tr>
              <th scope="col">Protocol</th>
              <th scope="col" class="num">
                From it
              </th>
              <th scope="col" class="num">
                To it
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([protocol, { inbound, outbound }]) => (
              <tr key={protocol}>
                <td class="mono">{protocol}</td>
                <td class="num">{inbound}</td>
                <td class="num">{outbound}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
