import { formatMs } from '../kit/format.ts'
import type { PingSample } from './live-peer.ts'

const WIDTH = 240
const HEIGHT = 40
/** Room above and below the line, so that its stroke is whole. */
const EDGE = 3

/** The last pings as a line. An answer that did not come is a gap with a mark beneath. */
export function LatencyLine({ samples }: { samples: readonly PingSample[] }) {
  const answered = samples.flatMap(({ ms }) => ms ?? [])
  const lost = samples.length - answered.length
  const most = Math.max(1, ...answered)
  const words = [
    answered.length === 0 ? 'no answer yet' : `${formatMs(Math.min(...answered))} to ${formatMs(most)}`,
    `${samples.length} ${samples.length === 1 ? 'ping' : 'pings'}`,
    ...(lost > 0 ? [`${lost} without an answer`] : []),
  ].join(', ')
  return (
    <figure class="latency-line">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`Latency: ${words}`}>
        <path class="line" d={linePath(samples, most)} />
        <path class="lost" d={lostPath(samples)} />
      </svg>
      <figcaption class="soft">{words}</figcaption>
    </figure>
  )
}

/** Newest at the right: one step for each sample. */
function xOf(index: number, count: number): number {
  return WIDTH - EDGE - ((count - 1 - index) * (WIDTH - 2 * EDGE)) / 59
}

/** A line through the answers. After a ping without one it begins anew. A single answer is a dot. */
function linePath(samples: readonly PingSample[], most: number): string {
  let path = ''
  samples.forEach(({ ms }, i) => {
    if (ms === undefined) return
    const x = xOf(i, samples.length).toFixed(1)
    const y = (HEIGHT - EDGE - (ms / most) * (HEIGHT - 2 * EDGE)).toFixed(1)
    const begins = samples[i - 1]?.ms === undefined
    const isAlone = begins && samples[i + 1]?.ms === undefined
    path += `${begins ? 'M' : 'L'}${x} ${y}${isAlone ? 'h.1' : ''}`
  })
  return path
}

function lostPath(samples: readonly PingSample[]): string {
  return samples
    .map(({ ms }, i) => (ms === undefined ? `M${xOf(i, samples.length).toFixed(1)} ${HEIGHT - 8}v6` : ''))
    .join('')
}
