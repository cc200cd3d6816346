import { Counter, Gauge, type Histogram, type Registry } from 'prom-client'
import { BUCKETS, startOf } from '../../glia/figures/histogram.ts'
import type { Meter } from '../../glia/figures/meter.ts'
import type { Proc } from '../../glia/process/proc.ts'

/** Buckets of a process that Prometheus is told of as one: two of each power of two. */
const TOLD_PARTS = 4
/** Times below and above are one bucket each, in ms: 0.1 ms and about two minutes. */
const TOLD = { from: 0.1, to: 140_000 }

type Labels = Record<string, string>
type Labelled<T> = readonly (readonly [Labels, T])[]

/**
 * The figures of all calls of the peer (`glia_call…`), and of the calls of each process (`glia_process_call…`). A process
 * has its name as the label: its PID is an address, and whoever has an address may call.
 * @param procs The processes of the peer. They are few: each has some 50 lines of text.
 */
export function observeCalls(registry: Registry, meter: Meter, procs: readonly Proc[]): void {
  const byName: Labelled<Proc> = procs.map((proc) => [{ process: proc.name }, proc])
  observeMeters(registry, 'glia', 'of this peer, also those that it passes on to others', [[{}, meter]])
  observeMeters(
    registry,
    'glia_process',
    'of a process',
    byName.map(([labels, proc]) => [labels, proc.meter]),
  )
  const gauge = (name: string, help: string, value: (proc: Proc) => number): void => {
    const collect = function (this: Gauge): void {
      for (const [labels, proc] of byName) this.set(labels, value(proc))
    }
    registry.registerMetric(new Gauge({ name, help, labelNames: ['process'], collect, registers: [] }))
  }
  gauge('glia_process_memory_bytes', 'Linear memory of a process.', ({ memoryBytes }) => memoryBytes ?? 0)
  gauge('glia_process_mailbox_messages', 'Messages that wait for their turn.', ({ waiting }) => waiting)
  gauge('glia_process_live', '1 while the process has a worker, else 0.', ({ isLive }) => Number(isLive))
}

function observeMeters(registry: Registry, prefix: string, whose: string, meters: Labelled<Meter>): void {
  const labelNames = Object.keys(meters[0]?.[0] ?? {})
  const counter = (
    name: string,
    help: string,
    values: (meter: Meter) => Labelled<number>,
    more: string[] = [],
  ): void => {
    const collect = function (this: Counter): void {
      this.reset()
      for (const [labels, meter] of meters) {
        for (const [own, value] of values(meter)) this.inc({ ...labels, ...own }, value)
      }
    }
    const config = { name: `${prefix}_${name}`, help, labelNames: [...labelNames, ...more], collect, registers: [] }
    registry.registerMetric(new Counter(config))
  }
  counter('calls_total', `Calls ${whose}.`, ({ calls }) => [[{}, calls]])
  counter('call_errors_total', `Calls ${whose} that failed.`, ({ errors }) => [[{}, errors]])
  counter('call_bytes_total', `Bytes of messages (in) and replies (out) ${whose}.`, bytesOf, ['direction'])
  const times = histogram(`${prefix}_call_duration_seconds`, `Times of calls ${whose} that went well.`, meters)
  registry.registerMetric(times)
}

function bytesOf({ bytesIn, bytesOut }: Meter): Labelled<number> {
  return [
    [{ direction: 'in' }, bytesIn],
    [{ direction: 'out' }, bytesOut],
  ]
}

/** The histogram of prom-client takes one value at a time. These are counted already. */
function histogram(name: string, help: string, meters: Labelled<Meter>): Histogram {
  const value = (suffix: string, labels: Labels, count: number) => ({
    metricName: `${name}_${suffix}`,
    labels,
    value: count,
  })
  const get = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: meters.flatMap(([labels, { times, totalMs }]) => {
      const { buckets, count } = toldOf(times)
      return [
        ...buckets.map(([le, below]) => value('bucket', { le, ...labels }, below)),
        value('sum', labels, totalMs / 1000),
        value('count', labels, count),
      ]
    }),
  })
  return { name, get } as unknown as Histogram
}

/** How many times are shorter than the end of each bucket, by this end in seconds. */
function toldOf(times: Uint32Array | undefined): { buckets: (readonly [string, number])[]; count: number } {
  const buckets: (readonly [string, number])[] = []
  let count = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    count += times?.[bucket] ?? 0
    const endMs = startOf(bucket + 1)
    if ((bucket + 1) % TOLD_PARTS !== 0 || endMs < TOLD.from || endMs > TOLD.to) continue
    buckets.push([String(endMs / 1000), count])
  }
  return { buckets: [...buckets, ['+Inf', count]], count }
}
