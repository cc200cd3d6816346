/** The forms with promises. Those with callbacks are deprecated. */
interface Modern {
  addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void>
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>
}

/**
 * Makes connections ignore remote candidates that are not for UDP. Chromium connects by TCP to any host and port that a
 * candidate of the other side names, also on this machine and in its network. Tabs offer each other no such candidates,
 * so these only serve to try ports.
 */
export function ignoreTcpCandidates(connections: typeof RTCPeerConnection): void {
  const { addIceCandidate, setRemoteDescription }: Modern = connections.prototype
  connections.prototype.addIceCandidate = async function (candidate) {
    const text = candidate?.candidate ?? ''
    if (text === '' || isUdp(text)) await addIceCandidate.call(this, candidate)
  }
  connections.prototype.setRemoteDescription = async function (description) {
    const { type, sdp } = description
    const lines = sdp?.split(/\r\n|\r|\n/).filter((line) => !line.startsWith('a=candidate:') || isUdp(line.slice(2)))
    await setRemoteDescription.call(this, lines ? { type, sdp: lines.join('\r\n') } : description)
  }
}

/** The third word of a candidate is the transport (RFC 8839, 5.1). */
function isUdp(candidate: string): boolean {
  return candidate.split(' ')[2]?.toLowerCase() === 'udp'
}
