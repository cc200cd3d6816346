/** Every number of the server, with its reason. Times in ms, sizes in bytes. */
const second = 1000
const hour = 3600 * second

/**
 * Tabs that may be reachable through this relay at once. libp2p's default, 15, is for a relay that does a favour; here it is
 * the service. Each is a connection, so {@link MAX_CONNECTIONS} has to be above it.
 */
export const MAX_RESERVATIONS = 2048
/** Tabs with a reservation, tabs without, other relays, native peers. Past it libp2p closes those that matter least. */
export const MAX_CONNECTIONS = 4096
/** Joins per second from one address: a classroom, or a test with many tabs, is one address. libp2p's default is 5. */
export const JOINS_PER_SECOND = 100
/**
 * Connections that may be in their handshake at once, those that have sent nothing yet included. Past it the oldest is ended
 * (unfinished.ts). libp2p's default, 10, is less than one classroom opening the page.
 */
export const MAX_HANDSHAKES = 512
/** What a connection may send before its handshake is over: the handshake, and a first window of one stream (256 KiB). */
export const MAX_HANDSHAKE_BYTES = 512 * 1024
/**
 * Longest frame of a WebSocket. js-libp2p and go-libp2p send one noise message in a frame, 64 KiB; rust-libp2p sends all that
 * waits, which is up to 128 KiB and one noise message. The default of ws is 100 MiB.
 */
export const MAX_FRAME_BYTES = 256 * 1024
/** How long a relayed connection lives where --circuit-bytes is given: libp2p states both limits or none. */
export const CIRCUIT_MS = 12 * hour
/** Circuits of all, unless --circuits says otherwise, and the part of it that one address may have asked for. */
export const MAX_CIRCUITS = 4096
export const CIRCUITS_SHARE = 1 / 8
/** How long a peer that wants a reservation is waited for to say which protocols it speaks. It waits 5 s for its answer. */
export const IDENTIFY_MS = 3 * second
/**
 * How long a reservation is good for. It is dropped with the connection it was made over (relay.ts), so this is only for
 * tabs that stay; long, because the server of circuit-relay-v2 4.2.13 drops a reservation that was renewed twice at the time
 * of its first renewal (retimeable-signal keeps the old timer). setTimeout takes 24.8 days.
 */
export const RESERVATION_MS = 20 * 24 * hour
/** Circuits of one connection: a gateway, or a tab with many peers, holds one for each peer. libp2p's default is 32. */
export const MAX_CIRCUITS_PER_PEER = 512

/**
 * What libp2p keeps of strangers. Of peers: as many as twice fit at the doors. Of the DHT: provider records, with the provider last in
 * the key. A page provides a few.
 */
export const DATASTORE_BOUNDS = [
  { prefix: '/peers/', maxEntries: 2 * MAX_CONNECTIONS, maxValueBytes: 32 * 1024 },
  { prefix: '/dht/', maxEntries: 16_384, maxOfOwner: 128, maxValueBytes: 4 * 1024 },
]

/** Calls under way over HTTP in all, and of one client address. Past it they are refused, not queued. */
export const MAX_CALLS = 1024
export const MAX_CALLS_PER_CLIENT = 256
/** A body for whose bytes the gateway has waited longer than this in all counts as slow. */
export const SLOW_AFTER_MS = 3 * second
/** Slow bodies of one client past which it gets no further call; and how many a client, and all together, may have that are not ended. */
export const MAX_SLOW_BODIES_PER_CLIENT = 32
export const SPARED_SLOW_BODIES_PER_CLIENT = 4
export const SPARED_SLOW_BODIES = 128
/** Past those numbers, a body ends once the gateway has waited for it this long, and the time that its bytes may take at this rate. */
export const BODY_PATIENCE_MS = 10 * second
export const MIN_BODY_BYTES_PER_SECOND = 1024
export const LOOK_MS = second
/** A client that sends or takes nothing for so long in the middle of a body is gone. */
export const BODY_IDLE_MS = 60 * second
/** A request's head has to be there by then, and an idle connection is closed after. */
export const HEAD_MS = 10 * second
/** All headers of a request together; Node answers 431 past it. */
export const MAX_HEADER_BYTES = 16 * 1024
/** Sockets of the HTTP door: those of the calls, and some to refuse the others on. */
export const MAX_SOCKETS = 4 * MAX_CALLS
/** Sockets of one address for each tab that it may have (--per-address), and those of them that wait for a request. A browser has six. */
export const SOCKETS_PER_TAB = 8
export const WAITING_PER_TAB = 2
/** What a client still sends after its answer is dropped for so long, so that it reads the answer instead of a reset. */
export const LINGER_MS = second

/** How long a request that runs may take to end once the server is told to stop, and libp2p its connections. */
export const STOP_GRACE_MS = 0.6 * second
/** The process ends by then, whatever hangs: two seconds are promised, also on a machine that is busy. */
export const STOP_DEADLINE_MS = 1200
