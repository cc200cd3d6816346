import type { Libp2p, Metrics, Stream } from '@libp2p/interface'
import { RELAY_V2_HOP_CODEC, RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Proc } from '../../glia/process/proc.ts'
import type { Router } from '../../glia/router.ts'
import type { CallObserver } from '../http/gateway.ts'
import { observeCalls } from './call-metrics.ts'
import { ByteCounter, quietMetrics } from './libp2p-metrics.ts'
import { reservationsOf } from '../relay/relay.ts'
import { VERSION } from '../version.ts'

const REFUSALS = [
  'host',
  'origin',
  'connection',
  'handshake',
  'request',
  'reservation',
  'circuit',
  'not glia',
  'announcement',
] as const

/** What was refused, or ended to make room. */
export type Refusal = (typeof REFUSALS)[number]

/** Told of what the ports refuse. */
export interface RefusalObserver {
  refused(what: Refusal): void
}

/** The figures of `/metrics`, in Prometheus' text format. Each server has its own registry. */
export class ServerMetrics {
  readonly #registry = new Registry()
  readonly #sockets = new ByteCounter()
  readonly #circuits = new ByteCounter()
  #openCircuits = 0
  #callsInFlight = 0
  readonly #calls = new Counter({
    name: 'glia_http_calls_total',
    help: 'Requests of the HTTP API that are over, by status; 499: broken off, by the client or after the head.',
    labelNames: ['status'],
    registers: [this.#registry],
  })

  readonly #refusals = new Counter({
    name: 'glia_refused_total',
    help: 'What was refused, or ended to make room for others, by what it was.',
    labelNames: ['what'],
    registers: [this.#registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    // Prometheus sees the first refusal as an increase only if it has seen zero before.
    for (const what of REFUSALS) this.#refusals.inc({ what }, 0)
    new Gauge({
      name: 'glia_build_info',
      help: 'Version of this program; always 1.',
      labelNames: ['version'],
      registers: [this.#registry],
    }).set({ version: VERSION }, 1)
    this.#gauge('glia_http_calls_in_flight', 'Requests of the HTTP API under way.', () => this.#callsInFlight)
    this.#gauge('glia_circuits_open', 'Relayed connections that are open, or being made.', () => this.#openCircuits)
    this.#bytes(
      'glia_libp2p_bytes_total',
      'Bytes over libp2p connections, on the wire, relayed ones included.',
      () => ({
        in: this.#sockets.received,
        out: this.#sockets.sent,
      }),
    )
    this.#bytes('glia_relayed_bytes_total', 'Bytes that came in to be relayed, and those that went on.', () => ({
      in: this.#circuits.received,
      out: this.#circuits.sent,
    }))
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** All figures, as text. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** Told of what is refused. */
  refused(what: Refusal): void {
    this.#refusals.inc({ what })
  }

  /** Told of the calls over HTTP. */
  get calls(): CallObserver {
    return {
      began: () => (this.#callsInFlight += 1),
      ended: (status) => {
        this.#callsInFlight -= 1
        this.#calls.inc({ status })
      },
    }
  }

  /** What libp2p tells about every connection and stream. Its many internal counters are left out. */
  readonly libp2p = (): Metrics => ({
    ...quietMetrics(),
    // The bytes of a circuit are part of those of the connection that carries it.
    trackMultiaddrConnection: (connection) => {
      if (!connection.remoteAddr.toString().includes('/p2p-circuit')) this.#sockets.track(connection)
    },
    trackProtocolStream: (stream) => this.#trackStream(stream),
  })

  /** The calls of the peer, and of each of its processes. */
  observeCalls({ meter }: Router, procs: readonly Proc[]): void {
    observeCalls(this.#registry, meter, procs)
  }

  /** Figures that are computed when they are asked for. */
  observe(libp2p: Libp2p): void {
    this.#registry.registerMetric(
      new Gauge({
        name: 'glia_connections',
        help: 'Open libp2p connections, by who made them and what carries them.',
        labelNames: ['direction', 'transport'],
        registers: [],
        collect() {
          this.reset()
          for (const { direction, remoteAddr } of libp2p.getConnections()) {
            this.inc({ direction, transport: transportOf(remoteAddr.toString()) })
          }
        },
      }),
    )
    this.#gauge('glia_reservations', 'Peers that can be reached through this relay.', () => reservationsOf(libp2p).size)
  }

  /** A relayed connection is a hop stream of the peer that asked for it, and a stop stream to the other peer. */
  #trackStream(stream: Stream): void {
    const isHop = stream.protocol === RELAY_V2_HOP_CODEC && stream.direction === 'inbound'
    const isStop = stream.protocol === RELAY_V2_STOP_CODEC && stream.direction === 'outbound'
    if (!isHop && !isStop) return
    this.#circuits.track(stream)
    if (!isStop) return
    this.#openCircuits += 1
    stream.addEventListener('close', () => (this.#openCircuits -= 1), { once: true })
  }

  #gauge(name: string, help: string, value: () => number): void {
    const collect = function (this: Gauge): void {
      this.set(value())
    }
    this.#registry.registerMetric(new Gauge({ name, help, collect, registers: [] }))
  }

  #bytes(name: string, help: string, value: () => { in: number; out: number }): void {
    const collect = function (this: Counter): void {
      this.reset()
      for (const [direction, bytes] of Object.entries(value())) this.inc({ direction }, bytes)
    }
    this.#registry.registerMetric(new Counter({ name, help, labelNames: ['direction'], collect, registers: [] }))
  }
}

function transportOf(address: string): string {
  if (address.includes('/p2p-circuit')) return 'circuit'
  return address.includes('/ws') ? 'ws' : 'tcp'
}
