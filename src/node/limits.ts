/** Every number of the server, with its reason. Times in ms, sizes in bytes. */
const second = 1000
const hour = 3600 * second

/**
 * Tabs that can be reachable through this relay at once. libp2p's default, 15, is for a relay that does a favour; here
 * it is the service. Each tab is a connection, so {@link MAX_CONNECTIONS} has to be larger.
 */
export const MAX_RESERVATIONS = 2048
/** Tabs with and without a reservation, other relays, native peers. Past it libp2p closes those that matter least. */
export const MAX_CONNECTIONS = 4096
/** Joins per second from one address: a classroom, or a test with many tabs, is one address. libp2p's default is 5. */
export const JOINS_PER_SECOND = 100
/**
 * Connections in their handshake at once, silent ones included. Past it the oldest is ended (unfinished.ts). libp2p's
 * default, 10, is less than one classroom that opens the page.
 */
export const MAX_HANDSHAKES = 512
/**
 * Bytes that a connection may send before its handshake is over: the handshake, and a first window of one stream (256
 * KiB).
 */
export const MAX_HANDSHAKE_BYTES = 512 * 1024
/**
 * Longest frame of a WebSocket. js-libp2p and go-libp2p send one noise message per frame, 64 KiB. rust-libp2p sends
 * everything that waits, up to 128 KiB and one noise message. The default of ws is 100 MiB.
 */
export const MAX_FRAME_BYTES = 256 * 1024
/** How long a relayed connection lives with --circuit-bytes: libp2p states both limits or none. */
export const CIRCUIT_MS = 12 * hour
/** All circuits, unless --circuits says otherwise, and the part that one address may have asked for. */
export const MAX_CIRCUITS = 4096
export const CIRCUITS_SHARE = 1 / 8
/**
 * How long the relay waits until a peer that wants a reservation has said which protocols it speaks. The peer waits 5 s
 * for its answer.
 */
export const IDENTIFY_MS = 3 * second
/**
 * How long a reservation is valid. It is dropped with its connection (relay.ts), so this concerns only tabs that stay.
 * It is long because the server of circuit-relay-v2 4.2.13 drops a reservation that was renewed twice at the time of
 * its first renewal (retimeable-signal keeps the old timer). setTimeout takes at most 24.8 days.
 */
export const RESERVATION_MS = 20 * 24 * hour
/**
 * Circuits of one connection. A gateway, or a tab with many peers, has one circuit for each peer. libp2p's default is
 * 32.
 */
export const MAX_CIRCUITS_PER_PEER = 512

/**
 * Entries that libp2p keeps about strangers. Of peers: twice as many as fit at the ports. Of the DHT: provider records,
 * whose key ends with the provider. A page provides a few.
 */
export const DATASTORE_BOUNDS = [
  { prefix: '/peers/', maxEntries: 2 * MAX_CONNECTIONS, maxValueBytes: 32 * 1024 },
  { prefix: '/dht/', maxEntries: 16_384, maxOfOwner: 128, maxValueBytes: 4 * 1024 },
]

/** Actors that --live can let live at once: `src/actors/worker/live-actors.ts` has room for few more memories. */
export const MAX_LIVE = 100

/** Calls under way over HTTP in all, and of one client address. Further calls are refused, not queued. */
export const MAX_CALLS = 1024
export const MAX_CALLS_PER_CLIENT = 256
/** A body counts as slow when the gateway has waited longer than this for its bytes in all. */
export const SLOW_AFTER_MS = 3 * second
/**
 * Slow bodies of one client past which it gets no further call; and slow bodies that one client, and all together, may
 * have without being ended.
 */
export const MAX_SLOW_BODIES_PER_CLIENT = 32
export const SPARED_SLOW_BODIES_PER_CLIENT = 4
export const SPARED_SLOW_BODIES = 128
/**
 * Past those numbers a body ends when the gateway has waited for it so long, plus the time that its bytes may take at
 * this rate.
 */
export const BODY_PATIENCE_MS = 10 * second
export const MIN_BODY_BYTES_PER_SECOND = 1024
export const LOOK_MS = second
/** A client that sends or takes nothing for so long in the middle of a body is gone. */
export const BODY_IDLE_MS = 60 * second
/** Time for the head of a request. An idle connection is closed after the same time. */
export const HEAD_MS = 10 * second
/** All headers of a request together. Past it Node answers 431. */
export const MAX_HEADER_BYTES = 16 * 1024
/** Sockets of the HTTP port: those of the calls, and some on which others are refused. */
export const MAX_SOCKETS = 4 * MAX_CALLS
/**
 * Sockets of one address for each tab that it may have (--per-address), and the part of them that may wait for a
 * request. A browser has six.
 */
export const SOCKETS_PER_TAB = 8
export const WAITING_PER_TAB = 2
/**
 * How long bytes that a client sends after its answer are dropped, so that it reads the answer instead of a reset: in all,
 * and without a further byte (as nginx, https://nginx.org/en/docs/http/ngx_http_core_module.html#lingering_close).
 */
export const LINGERING = { inAllMs: 30 * second, idleMs: 5 * second }
/** How long a reply that broke off may take to tell its client. */
export const BREAK_MS = second

/** Time that running requests, and then libp2p's connections, have to end when the server is told to stop. */
export const STOP_GRACE_MS = 0.6 * second
/** The process ends within this time in any case, once the messages of its actors have ended. Two seconds are promised, also on a busy machine. */
export const STOP_DEADLINE_MS = 1200
