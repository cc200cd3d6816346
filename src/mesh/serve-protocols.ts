import { LoadedOnce } from '../glia/loaded-once.ts'
import type { StreamHandler } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import { Libp2pChannel } from './dialects/session-channel.ts'
import type { Sessions } from './dialects/sessions.ts'
import {
  LISTING_PROTOCOL,
  MODULE_PROTOCOL,
  NAME_PROTOCOL,
  NEAR_PROTOCOL,
  ROSTER_PROTOCOL,
  SESSION_PROTOCOL,
  TRACE_PROTOCOL,
  WATCH_PROTOCOL,
} from './limits.ts'
import type { MeshInit } from './mesh-init.ts'
import type { Modules } from './module/modules.ts'
import { sendListing } from './presence/listing.ts'
import type { Names } from './presence/names.ts'
import type { Roster } from './presence/roster.ts'
import type { Watchers } from './watch/watchers.ts'
import type { Near } from './dial/near-relay.ts'

/** What answers on the protocols of a peer. */
export interface ProtocolsInit extends Pick<MeshInit, 'listedTo' | 'traced' | 'tellable'> {
  readonly registrar: Registrar
  readonly sessions: Sessions
  readonly watchers: Watchers
  readonly names: Names
  modules(): Promise<Modules>
  /** Of a relay. */
  readonly roster: Roster | undefined
  readonly near: Near | undefined
}

/** Registers everything that other peers can open here, but for the services of libp2p and the raw dialect. */
export async function serveProtocols(init: ProtocolsInit): Promise<void> {
  const { registrar, sessions, watchers, names, roster, near, traced } = init
  /** @param maxInboundStreams Of a connection, at the same time */
  const serve = (protocol: string, maxInboundStreams: number, handler: StreamHandler): Promise<void> =>
    registrar.handle(protocol, handler, { runOnLimitedConnection: true, maxInboundStreams })
  // One session is enough, and one stream of watches. A second may be opened before the first is known to be over.
  await serve(SESSION_PROTOCOL, 4, (stream, connection) => sessions.accept(stream, connection))
  await serve(WATCH_PROTOCOL, 2, (stream, { remotePeer }) =>
    watchers.accept(new Libp2pChannel(stream), remotePeer.toString()),
  )
  await serve(LISTING_PROTOCOL, 4, (stream, { remotePeer }) =>
    sendListing(stream, init.listedTo?.(remotePeer.toString()) ?? []),
  )
  if (traced) {
    const answers = new LoadedOnce(async () => new (await import('./later.ts')).TraceAnswers(traced))
    await serve(TRACE_PROTOCOL, 4, async (stream, connection) => (await answers.get()).answer(stream, connection))
  }
  if (init.tellable) {
    await serve(MODULE_PROTOCOL, 4, async (stream, connection) => (await init.modules()).answer(stream, connection))
  }
  if (!roster) await serve(NAME_PROTOCOL, 2, (stream, connection) => names.accept(stream, connection))
  // Only for those who are connected to this relay itself.
  if (roster) {
    await registrar.handle(ROSTER_PROTOCOL, (stream, connection) => roster.accept(stream, connection), {
      maxInboundStreams: 2,
    })
  }
  if (near) {
    await registrar.handle(NEAR_PROTOCOL, (stream, connection) => near.answer(stream, connection), {
      maxInboundStreams: 16,
    })
  }
}
