import type { Counter, CounterGroup, Histogram, HistogramGroup, MessageStream, Metrics } from '@libp2p/interface'

/** Counts the bytes of connections or streams in both directions. */
export class ByteCounter {
  received = 0
  sent = 0

  /**
   * Counts the bytes of a stream from now on. It wraps the functions through which bytes pass: a listener for messages
   * would have them delivered before their receiver listens.
   */
  track(stream: MessageStream): void {
    const { send, dispatchEvent } = stream
    stream.send = (data) => {
      this.sent += data.byteLength
      return send.call(stream, data)
    }
    stream.dispatchEvent = (event) => {
      if (event.type === 'message' && 'data' in event) {
        this.received += (event.data as { byteLength: number }).byteLength
      }
      return dispatchEvent.call(stream, event)
    }
  }
}

const none = (): void => undefined

/** A `Metrics` of libp2p that records nothing. */
export function quietMetrics(): Metrics {
  const metric = { update: none, increment: none, decrement: none, reset: none, observe: none, timer: () => none }
  const register = (): typeof metric & Counter & CounterGroup & Histogram & HistogramGroup => metric
  return {
    trackMultiaddrConnection: none,
    trackProtocolStream: none,
    registerMetric: register,
    registerMetricGroup: register,
    registerCounter: register,
    registerCounterGroup: register,
    registerHistogram: register,
    registerHistogramGroup: register,
    registerSummary: register,
    registerSummaryGroup: register,
    traceFunction: <F>(_name: string, traced: F) => traced,
    createTrace: none,
  }
}
