/**
 * Mends a race of WebRTC dials. The side that answers closes the `init` channel as soon as it is connected. If the side that dials sees the
 * channel open and close before it looks, it waits for an `open` that is over, and the dial hangs: 13 of 80 did, and with this 1 of 80.
 * So a listener that comes too late is told at once what it missed.
 *
 * Seen in @libp2p/webrtc 6.0.33. Upstream: not reported, see README.md.
 */
export function mendInitRace(connections: typeof RTCPeerConnection): void {
  const { createDataChannel } = connections.prototype
  connections.prototype.createDataChannel = function (label, options) {
    const channel = createDataChannel.call(this, label, options)
    if (label === 'init') tellLatecomers(channel)
    return channel
  }
}

function tellLatecomers(channel: RTCDataChannel): void {
  const add = channel.addEventListener.bind(channel)
  channel.addEventListener = (type: string, listener: EventListenerOrEventListenerObject, options?: unknown): void => {
    add(type, listener, options as AddEventListenerOptions)
    if (channel.readyState !== 'closed' || (type !== 'open' && type !== 'close')) return
    queueMicrotask(() => {
      const event = new Event(type)
      if (typeof listener === 'function') listener.call(channel, event)
      else listener.handleEvent(event)
    })
  }
}
