/** Every number of the mesh, with its reason. Times in ms, sizes in bytes. */

/** Advertised by every peer that runs processes; start of every address (DESIGN 4). */
export { PROTOCOL as RAW_PROTOCOL } from '../glia/address.ts'
/** Many calls over one stream, between Glia peers (DESIGN 4). */
export const SESSION_PROTOCOL = '/glia/0.1.0'
/** On this a peer says which of its processes it lists. */
export const LISTING_PROTOCOL = '/glia/list/0.1.0'
/** On this a relay says who is in the network that it shares with the asker. */
export const NEAR_PROTOCOL = '/glia/near/0.1.0'
/** How long it may take, in ms, and how often it answers one peer. */
export const NEAR_MS = 2_000
export const NEAR_RATE = { perSecond: 5, burst: 50 }
/** The DHT of Glia's relays. Not IPFS's: a tab's address is of no use to it. */
export const DHT_PROTOCOL = '/glia/kad/1.0.0'
/** Gossip topic on which peers announce themselves. */
export const DISCOVERY_TOPIC = 'glia/0.1.0/peers'

/** An announcement is about its own peer only, and has at most so many addresses and bytes. */
export const MAX_ANNOUNCED_ADDRESSES = 8
export const MAX_ANNOUNCEMENT_BYTES = 2048
/**
 * Announcements that the neighbours in one network may pass on, and as many that they may make of themselves. The mesh carries about five a second, however large it is (discovery.ts);
 * many come at once when a class opens the page. What is dropped is announced again.
 */
export const PASSED_ON_RATE = { perSecond: 20, burst: 200 }
/** The same for a relay of this peer's own, which has bounded its sources. It passes on what all of them send. */
export const PASSED_ON_BY_RELAYS_RATE = { perSecond: 200, burst: 2000 }
/** Peers that were not known before and that a relay of this peer's own may tell of: with these the table is full in a minute. */
export const FRESH_OF_RELAYS_RATE = { perSecond: 20, burst: 600 }
/** The same for the neighbours in another network, and for all such networks together. */
export const FRESH_RATE = { perSecond: 1, burst: 40 }
export const FRESH_OF_STRANGERS_RATE = { perSecond: 5, burst: 250 }
/** Neighbours of one network that announce themselves for the first time: a class has one address. */
export const FRESH_SELF_RATE = { perSecond: 2, burst: 100 }
/** Announcements of one peer by one neighbour. */
export const REPEAT_RATE = { perSecond: 1, burst: 8 }
/** How long a neighbour's bad announcements are remembered after the last one. */
export const OFFENCE_MS = 60_000
/** Longest message of gossipsub, which may have many announcements, and how many of each thing may be in it. */
export const MAX_GOSSIP_BYTES = 256 * 1024
export const MAX_GOSSIP_ITEMS = 512

/** Longest time to reach a peer that a call waits for. Past it the caller gets ERR_UNREACHABLE. */
export const DIAL_DEADLINE_MS = 10_000
/** One address of a peer: another still fits into the deadline. */
export const DIAL_ATTEMPT_MS = 5_000
/** A peer on a relay that this one has joined too: the relay says at once if it is not there, so a slow answer is a slow peer. */
export const SHARED_RELAY_ATTEMPT_MS = 8_000
/** A WebRTC dial that has not succeeded by then hangs (FACTS 3.2); a next one usually works. */
export const WEBRTC_ATTEMPT_MS = 3_000

/** Time after it began, or joined a relay, in which a peer looks again for whom it does not find, and how often: others join at the same time. */
export const NEWCOMER_MS = 8_000
export const NEWCOMER_ROUND_MS = 500

/** Connections over which a call is tried: those that turn out to be dead are ended. */
export const ATTEMPTS = 3
/** Time that an older connection has to answer when the same peer made a new one. */
export const DOUBT_MS = 3_000
/** Silence after which the calls of a session end, while it asks whether the other side is there. Their callers hear of it within 10 s. */
export const SILENCE_MS = 8_000
/** Opening a stream takes some round trips. Over WebRTC one that has not been opened by then is on a connection whose tab is gone. */
export const NEGOTIATION_MS = 6_000
export const WEBRTC_NEGOTIATION_MS = 3_000
/** Age from which on the root process of a peer is asked for again. */
export const ROOT_AGE_MS = 1_000
/** Time between the resets of a peer that goes away and the end of its connection. */
export const GOING_AWAY_MS = 500
/** Looking a peer up in the DHT: it knows it soon, or not at all. */
export const LOOKUP_MS = 5_000

/** Calls of one peer that are under way or wait; of one method in the raw dialect. */
export { MAX_CALLS_PER_PEER } from '../glia/door/door-limits.ts'
/** Time that a peer has to take an answer that is not a reply of a process, and to close its half of that stream. In ms. */
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

/** Connections that others may make in a second, and that may be in the making at once. */
export const MAX_INBOUND_PER_SECOND = 100

/** Bytes that a raw stream holds for a process that does not read, before the sender is held. */
export const READ_AHEAD_BYTES = 256 * 1024

/**
 * Bytes that wait for their readers on raw streams over WebRTC, whose senders cannot be held: of one stream, and of all. A
 * stream that would need more is ended. libp2p's own bound is 4 MiB a stream.
 */
export const MAX_UNHELD_STREAM_BYTES = 32 * 1024 * 1024
export const MAX_UNHELD_BYTES = 64 * 1024 * 1024

/**
 * Largest window of a stream in the muxer. Yamux doubles it as long as data comes fast, up to 16 MiB, and libp2p resets a
 * stream of which more than 4 MiB are unread: a reader that pauses would be reset instead of waited for.
 */
export const STREAM_WINDOW_BYTES = 1024 * 1024

/** Direct connections that a tab keeps (DESIGN 8): each is an RTCPeerConnection. */
export const MAX_DIRECT = 8
/** Direct connections that discovery makes by itself; the rest are for peers that are called, or that call. */
export const DISCOVERED_DIRECT = 3
/** Chrome allows 500 RTCPeerConnections in a tab's life (FACTS 3.7): past this, calls stay on the relay. */
export const MAX_PEER_CONNECTIONS = 400
/** Of these, what the dials of others may take. The rest is for this peer's own. */
export const MAX_INBOUND_PEER_CONNECTIONS = 250
/** How often a peer that dials by WebRTC is answered: a few attempts at once, since one in eighty hangs, then one in half a minute. */
export const INBOUND_RTC_RATE_PER_PEER = { burst: 6, perSecond: 1 / 30 }
/** The same for all peers together, whatever ids they give themselves. */
export const INBOUND_RTC_RATE = { burst: 40, perSecond: 1 / 10 }
/** Protocol id of the signalling of @libp2p/webrtc. */
export const SIGNALLING_PROTOCOL = '/webrtc-signaling/0.0.1'
/** WebRTC connections in the making at once: each is work for both sides. A later call asks again. */
export const MAX_MAKING = 2
/** A direct connection without calls for so long is closed for another: sooner, a peer that calls many in turn would make new ones all the time. */
export const DIRECT_KEPT_MS = 60_000
/** One too many, which others made, is closed after so long without calls: sooner, a call that is on its way would meet the end of it. */
export const DIRECT_SPARE_MS = 15_000

/** A relayed connection without calls is closed after so long; where there is a direct one too, after a tenth of it. */
export const CIRCUIT_IDLE_MS = 60_000

/** Waits before a relay is dialled again: doubles from the first to the last, with jitter. Somebody looks at the page and waits. */
export const RELAY_RETRY_MS = { first: 500, last: 2_000 }
/** The same for a page that nobody sees: many hidden tabs must not knock at a relay every second. */
export const HIDDEN_RETRY_MS = 5_000
/** Waits before a connected relay is asked again for the reservation that it refused. One that did not answer is asked after RELAY_RETRY_MS. */
export const RESERVATION_RETRY_MS = { first: 1_000, last: 20_000 }
/** How often a peer looks whether it still has its reservation. Costs nothing: the answer is in memory. */
export const RESERVATION_CHECK_MS = 2_000
/**
 * Time between two pings of a connection to a relay or directly to a peer, and the time for the answer. A black hole is noticed after
 * 8.5 s at most; TCP would take minutes. A relay with 1,000 tabs answers 333 pings a second, each a frame of an open stream.
 */
export const PULSE_MS = 3_000
export const PULSE_ANSWER_MS = 5_500
/** Time between two pings of a page that nobody sees: its timers are slow, and it asks at once when it is seen again. */
export const HIDDEN_PULSE_MS = 15_000
/** How long a ping for the latency may take. */
export const PING_ANSWER_MS = 5_000
/** How long an inbound ping stream is served. A pulse opens another one then. */
export const PING_STREAM_MS = 60_000
/** How long a relay may take to make a reservation; another one waits for that. */
export const RESERVE_MS = 5_000

/**
 * Bytes set aside for a call over a circuit with a limit, besides its message and a reply of the same size; at most so many for a call
 * whose size nobody knows.
 */
export const MIN_CALL_BYTES = 4 * 1024
export const MAX_UNKNOWN_CALL_BYTES = 256 * 1024
/** Circuits with a limit that are open to one peer at once. go-libp2p's relays allow 16 a peer, to all others together. */
export const MAX_LIMITED_CIRCUITS = 4
/** Connections that are made for one call, where each has no room or is closed at once. */
export const MAX_LEASE_DIALS = 16
/** A circuit that has no room for another call is closed so long after its last one. */
export const CIRCUIT_DRAIN_MS = 500

/** Pings of one connection that may be under way at once. */
export const PINGS = 8
/** Age from which on a latency is measured again. */
export const LATENCY_AGE_MS = 20_000
/** Latencies that are measured at a time, a tick each. */
export const LATENCIES_PER_TICK = 3
/** Peers that are dialled at once; the others wait, and their deadline with them. Each is a handshake on both sides. */
export const MAX_DIALS = 4
/** How often latencies are measured, and shown anew. */
export const TICK_MS = 5_000
