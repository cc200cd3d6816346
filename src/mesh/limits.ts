/** Every number of the mesh, with its reason. Times in ms, sizes in bytes. */

/** Protocol id that every peer with processes advertises, and the start of every address. */
export { PROTOCOL as RAW_PROTOCOL } from '../glia/address.ts'
/** Protocol id of the session: many calls over one stream, between Glia peers. */
export const SESSION_PROTOCOL = '/glia/0.1.0'
/** Protocol id on which a caller in the raw dialect asks why its calls failed. */
export const WHY_PROTOCOL = '/glia/0.1.0/why'
/** Failures of raw calls that are remembered for each connection, and characters of the sentence of each. */
export const MAX_FAILURES = 10
export const MAX_FAILURE_MESSAGE = 1000
/** Questions of one connection that may be under way at once: one is enough. */
export const MAX_QUESTIONS = 4
/** How long the answer may take, and its longest accepted text in UTF-16 units. */
export const WHY_MS = 2_000
export const MAX_WHY = 256 * 1024
/** Protocol id on which a peer says which of its processes it lists. */
export const LISTING_PROTOCOL = '/glia/list/0.1.0'
/** Protocol id on which a peer tells another of the ends of its processes. */
export const WATCH_PROTOCOL = '/glia/0.1.0/watch'
/** Protocol id on which a peer says what it knows of a trace, how often one peer is answered, and how often all are. */
export const TRACE_PROTOCOL = '/glia/0.1.0/trace'
export const TRACE_RATE = { perSecond: 2, burst: 20 }
export const TRACE_RATE_IN_ALL = { perSecond: 8, burst: 64 }
/**
 * Protocol id on which a peer tells of a process and sends its shared modules; how often one peer is answered, and how
 * often all are.
 */
export const MODULE_PROTOCOL = '/glia/0.1.0/module'
export const MODULE_RATE = { perSecond: 1, burst: 20 }
export const MODULE_RATE_IN_ALL = { perSecond: 8, burst: 64 }
/** Largest module that is sent or fetched. A receiver has it in memory as a whole. */
export const MAX_MODULE_BYTES = 64 * 1024 * 1024
/** Longest question, and longest head of an answer, in UTF-16 units. */
export const MAX_MODULE_QUESTION = 512
export const MAX_MODULE_HEAD = 32 * 1024
/** Modules that are sent to one peer at once, and to all. */
export const MODULE_SENDS = 2
export const MODULE_SENDS_IN_ALL = 8
/** Longest pause of a transfer, for both sides. A slow relay sends a piece in less. */
export const MODULE_STALL_MS = 10_000
/** A peer that sends a module more slowly, in bytes a second, is given up for the next one. */
export const MIN_MODULE_RATE = 4096
/** Peers that are asked for one module, and how long the directory is asked who else has it. */
export const MAX_MODULE_PEERS = 8
export const PROVIDERS_MS = 30_000
/** Waits before the directory is told again of a module, after it could not be told. */
export const PROVIDE_RETRY_MS = { first: 5_000, last: 300_000 }

/** Watches that one peer may have at another, and that a peer takes from all others. Each is a few hundred bytes. */
export const MAX_WATCHES = 256
export const MAX_WATCHES_IN_ALL = 16_384
/** Longest line of that protocol, in UTF-16 units, and the lines that may wait for a peer that does not read. */
export const MAX_WATCH_LINE = 2_048
export const MAX_WATCH_LINES = 1_024
/** Lines that a peer takes from another. All watches may begin at once, and each may tell of 20 ends. */
export const WATCH_LINE_RATE = { perSecond: 64, burst: 8_192 }
/**
 * How long a watched peer may be lost before its watchers are told. A page that is reloaded is back after one or two
 * seconds.
 */
export const UNREACHABLE_MS = 5_000
/** Waits before a watched peer that is lost is looked for again. A peer that connects is asked at once. */
export const WATCH_RETRY_MS = { first: 250, last: 60_000 }
/** After a stream of watches has lasted so long, the waits begin anew. */
export const WATCH_STEADY_MS = 10_000
/** Silence after which a connection with watches is tested. Muxers ping every 30 s. */
export const WATCH_SILENCE_MS = 40_000
/** Protocol id on which a relay says who is in the network that it shares with the asker. */
export const NEAR_PROTOCOL = '/glia/near/0.1.0'
/** How long the answer may take, in ms, and how often one peer is answered. */
export const NEAR_MS = 2_000
export const NEAR_RATE = { perSecond: 5, burst: 50 }
/** The DHT of Glia's relays. IPFS has no use for the address of a tab, so this is another DHT. */
export const DHT_PROTOCOL = '/glia/kad/1.0.0'
/** Protocol id on which a peer tells a connected peer its name, and how long that may take. */
export const NAME_PROTOCOL = '/glia/name/0.1.0'
export const NAME_MS = 5_000
/** Gossip topic of announcements. */
export const DISCOVERY_TOPIC = 'glia/0.1.0/peers'

/** Protocol id on which a relay tells its peers of one another. */
export const ROSTER_PROTOCOL = '/glia/roster/0.1.0'
/**
 * Peers that a relay tells one peer of: of those at this relay, and of those at others. In a mesh with fewer, everybody
 * knows everybody. A page shows the rest as a number.
 */
export const ROSTER_NEAR = 100
export const ROSTER_FAR = 50
/** Changes within this time are told together. */
export const ROSTER_PAUSE_MS = 500
/** How often the number of peers is told, if nothing else has changed. */
export const ROSTER_TOTAL_MS = 10_000
/** A peer that has not read of so many peers that left is not told any more. */
export const MAX_ROSTER_BACKLOG = 1000
/** How often one peer is told where another is, and how long a peer waits for it. */
export const ROSTER_LOOKUP_RATE = { perSecond: 5, burst: 50 }
export const ROSTER_LOOKUP_MS = 2_000
/**
 * Shortest time between two announcements by gossip of a peer whose relays all have a roster. Then only other relays and
 * older peers listen. Older peers forget a peer after a minute.
 */
export const ROSTER_GOSSIP_MS = 20_000

/** Addresses and bytes of an announcement. It is about its own peer only. */
export const MAX_ANNOUNCED_ADDRESSES = 8
export const MAX_ANNOUNCEMENT_BYTES = 2048
/**
 * Announcements that the neighbours in one network may pass on, and as many that they may make of themselves. The mesh
 * carries about five a second, however large it is (discovery.ts); many come at once when a class opens the page. A
 * dropped announcement comes again.
 */
export const PASSED_ON_RATE = { perSecond: 20, burst: 200 }
/** The same for a relay of this peer's own. It has limited its sources, and passes on what all of them send. */
export const PASSED_ON_BY_RELAYS_RATE = { perSecond: 200, burst: 2000 }
/** New peers of which a relay of this peer's own may tell. With these the table is full within a minute. */
export const FRESH_OF_RELAYS_RATE = { perSecond: 20, burst: 600 }
/** The same for the neighbours in another network, and for all such networks together. */
export const FRESH_RATE = { perSecond: 1, burst: 40 }
export const FRESH_OF_STRANGERS_RATE = { perSecond: 5, burst: 250 }
/** Neighbours of one network that announce themselves for the first time: a class shares one address. */
export const FRESH_SELF_RATE = { perSecond: 2, burst: 100 }
/** Announcements of one peer by one neighbour, and streams that one peer opens to the roster of a relay. */
export const REPEAT_RATE = { perSecond: 1, burst: 8 }
/** How long a neighbour's bad announcements are remembered after the last one. */
export const OFFENCE_MS = 60_000
/** Longest message of gossipsub, which may contain many announcements, and how many of each thing it may contain. */
export const MAX_GOSSIP_BYTES = 256 * 1024
export const MAX_GOSSIP_ITEMS = 512

/** Longest time to reach a peer for a call. After it the caller gets ERR_UNREACHABLE. */
export const DIAL_DEADLINE_MS = 10_000
/** Time for one address of a peer. Another address still fits into the deadline. */
export const DIAL_ATTEMPT_MS = 5_000
/**
 * Time for a peer on a shared relay. The relay says at once if the peer is not there, so a slow answer is a slow peer.
 */
export const SHARED_RELAY_ATTEMPT_MS = 8_000
/**
 * How long after a relayed connection a direct one is begun, in ms. Its beginning takes the page's thread for some 30 ms,
 * and the first call over the relay would wait for that.
 */
export const BEGIN_DIRECT_MS = 250

/**
 * Time for a WebRTC dial. One that takes longer hangs: 13 of 80 did with @libp2p/webrtc 6.0.33, 1 of 80 with
 * `init-race.ts`. The next dial usually works.
 */
export const WEBRTC_ATTEMPT_MS = 3_000

/**
 * How long after its start, or after joining a relay, a peer looks again for peers that it did not find, and how often.
 * Others join at the same time.
 */
export const NEWCOMER_MS = 8_000
export const NEWCOMER_ROUND_MS = 500

/** Connections over which a call is tried. Those that turn out to be dead are ended. */
export const ATTEMPTS = 3
/** Time that an older connection has to answer when the same peer made a new one. */
export const DOUBT_MS = 3_000
/**
 * Silence after which the calls of a session end. The session asks meanwhile whether the other side is there. Callers
 * learn of it within 10 s.
 */
export const SILENCE_MS = 8_000
/**
 * Time to open a stream, which takes some round trips. If it takes longer over WebRTC, the tab of the connection is
 * gone.
 */
export const NEGOTIATION_MS = 6_000
export const WEBRTC_NEGOTIATION_MS = 3_000
/** Age of an answer from which on the root process of a peer is asked for again. */
export const ROOT_AGE_MS = 1_000
/** Time between the resets of a peer that goes away and the end of its connection. */
export const GOING_AWAY_MS = 500
/** Time for a lookup in the DHT: it knows the peer soon, or not at all. */
export const LOOKUP_MS = 5_000

/** Calls of one peer that are under way or wait; in the raw dialect, of one method. */
export { MAX_CALLS_PER_PEER } from '../glia/call-limits.ts'
/**
 * Time that a peer has to take an answer that is no reply of a process, and to close its half of that stream. In ms.
 */
export const IDLE_MS = 10_000

/**
 * How long a peer that speaks only the raw dialect may keep a call waiting. That dialect says nothing about whether the other
 * side still works on the call. A Glia peer keeps the deadlines of its processes itself.
 */
export const NATIVE_SILENCE_MS = 30_000

/**
 * Time between the reply of a program that exited with a code other than 0 and the reset that tells of it, in the raw dialect. In many
 * muxers a reset takes away what has come and was not read yet.
 */
export const EXIT_RESET_MS = 500

/** Open connections. A relay has its own limit. Circuits without calls are closed: see CIRCUIT_IDLE_MS. */
export const MAX_CONNECTIONS = 320
/**
 * Connections that others may make in a second, and that may be in the making at once. libp2p allows 300 circuits of a relay
 * at a time, and a crowd may come at once. What that may cost of a page's thread is bounded by {@link Pace}.
 */
export const MAX_INBOUND_PER_SECOND = 300
export const MAX_INBOUND_WAITING = 300

/** Bytes that a raw stream keeps for a process that does not read, before the sender is held. */
export const READ_AHEAD_BYTES = 256 * 1024

/**
 * Unread bytes on raw streams over WebRTC, whose senders cannot be held: of one stream, and of all. A stream that needs
 * more is ended. libp2p's own limit is 4 MiB per stream.
 */
export const MAX_UNHELD_STREAM_BYTES = 32 * 1024 * 1024
export const MAX_UNHELD_BYTES = 64 * 1024 * 1024

/**
 * Largest window of a stream in the muxer. Yamux doubles a window up to 16 MiB while data comes fast, and libp2p resets
 * a stream with more than 4 MiB unread. With larger windows a stream whose reader pauses would be reset instead of
 * held.
 */
export const STREAM_WINDOW_BYTES = 1024 * 1024

/** Direct connections that a tab keeps. Each is an RTCPeerConnection. */
export const MAX_DIRECT = 8
/** Direct connections that discovery makes by itself. The others are for peers that are called, or that call. */
export const DISCOVERED_DIRECT = 3
/**
 * RTCPeerConnections that Glia makes in the life of a tab. Chrome allows 500. Past this number calls stay on the relay.
 */
export const MAX_PEER_CONNECTIONS = 400
/** The part of them that dials of other peers may take. The rest is for this peer's own dials. */
export const MAX_INBOUND_PEER_CONNECTIONS = 250
/**
 * How often a peer that dials by WebRTC is answered: a few attempts at once, since one in 80 hangs, then one in half a
 * minute.
 */
export const INBOUND_RTC_RATE_PER_PEER = { burst: 6, perSecond: 1 / 30 }
/** The same for all peers together, whatever ids they give themselves. */
export const INBOUND_RTC_RATE = { burst: 40, perSecond: 1 / 10 }
/** Protocol id of the signalling of @libp2p/webrtc. */
export const SIGNALLING_PROTOCOL = '/webrtc-signaling/0.0.1'
/** WebRTC connections in the making at once, since each is work for both sides. A later call asks again. */
export const MAX_MAKING = 2
/**
 * A direct connection that had no calls for so long may be closed for another one. With a shorter time, a peer that
 * calls many peers in turn would make new connections all the time.
 */
export const DIRECT_KEPT_MS = 60_000
/**
 * A connection of another peer past the limit is closed after so long without calls. With a shorter time, a call under
 * way could meet its end.
 */
export const DIRECT_SPARE_MS = 15_000

/** A relayed connection without calls is closed after so long, or after a tenth of it if there is a direct one. */
export const CIRCUIT_IDLE_MS = 60_000

/**
 * Waits before a relay is dialled again. They double from the first to the last, with jitter. They are short because
 * somebody looks at the page and waits.
 */
export const RELAY_RETRY_MS = { first: 500, last: 2_000 }
/** The same for a hidden page: many hidden tabs must not dial a relay every second. */
export const HIDDEN_RETRY_MS = 5_000
/**
 * Waits before a connected relay is asked again for a reservation that it refused. After no answer RELAY_RETRY_MS
 * counts.
 */
export const RESERVATION_RETRY_MS = { first: 1_000, last: 20_000 }
/** How often a peer checks that it still has its reservation. The answer is in memory, so it costs nothing. */
export const RESERVATION_CHECK_MS = 2_000
/**
 * Time between two pings of a connection to a relay or directly to a peer, and time for the answer. A dead line is
 * noticed within 8.5 s; TCP takes minutes. A relay with 1,000 tabs answers 333 pings a second, each a frame of an open
 * stream.
 */
export const PULSE_MS = 3_000
export const PULSE_ANSWER_MS = 5_500
/**
 * Time between two pings of a direct connection without calls and watches. A tab with eight of them sends and gets two
 * or three messages a second for pings. A call on such a connection finds out by itself that the line is dead.
 */
export const IDLE_PULSE_MS = 10_000
/** How long after its last call a direct connection counts as one without calls. */
export const IDLE_AFTER_MS = 60_000
/** Time between two pings of a hidden page. Its timers are slow, and it asks at once when it is shown again. */
export const HIDDEN_PULSE_MS = 15_000
/** Time for a ping that measures the latency. */
export const PING_ANSWER_MS = 5_000
/** Time that a relay has to make a reservation. Meanwhile another reservation waits. */
export const RESERVE_MS = 5_000

/**
 * Bytes set aside for a call over a circuit with a limit, beside its message and a reply of the same size; and at most
 * so many for a call of unknown size.
 */
export const MIN_CALL_BYTES = 4 * 1024
export const MAX_UNKNOWN_CALL_BYTES = 256 * 1024
/** Circuits with a limit that are open to one peer at once. go-libp2p's relays allow a peer 16 circuits in all. */
export const MAX_LIMITED_CIRCUITS = 4
/** Connections that are made for one call, if each has no room or is closed at once. */
export const MAX_LEASE_DIALS = 16
/** A circuit without room for another call is closed so long after its last call. */
export const CIRCUIT_DRAIN_MS = 500

/** Streams for pings that may be open on one connection, of each side. One alone would fail a second ping. */
export const PINGS = 8
/** How long the pings of the other side are enough. Then this side pings too, to measure the latency. */
export const UNMEASURED_MS = 30_000
/**
 * Age of a latency from which on it is measured again, on a stream of its own. It is longer than a pulse takes to
 * measure, so only connections without a pulse need it.
 */
export const LATENCY_AGE_MS = 45_000
/** Latencies that are measured per tick. */
export const LATENCIES_PER_TICK = 3
/**
 * Peers that are dialled at once, since each dial is a handshake on both sides. The others wait within their deadline.
 */
export const MAX_DIALS = 4
/** How often latencies are measured and shown. */
export const TICK_MS = 5_000
