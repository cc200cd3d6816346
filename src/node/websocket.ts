import { WebSocket } from 'ws'

// Node 20 has no global WebSocket, which libp2p dials with (FACTS 1.2).
const incomplete: { WebSocket?: unknown } = globalThis
incomplete.WebSocket ??= WebSocket
