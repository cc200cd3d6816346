// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks, before anything asks for it
import './polyfill.ts'
import { builtFiles } from './built-files.ts'
import { STOP_DEADLINE_MS } from './limits.ts'
import { isLoopback } from './inbound/loopback.ts'
import type { Options } from './options.ts'
import { serverLog } from './log.ts'
import { whenOrphaned } from './orphan.ts'
import { type GliaServer, startServer } from './server.ts'
import { VERSION } from './version.ts'

/**
 * The server as a process: prints where it is, then serves until it is told to stop. @throws {UsageError} as {@link
 * startServer}
 */
export async function serve(options: Options): Promise<void> {
  const log = serverLog(options)
  // A failure of one connection, in a part of a library that nobody awaits, must not end all other connections.
  process.on('unhandledRejection', (reason) => log.warn('a promise that nobody waited for failed:', reason))
  // A line of the log that cannot be written, because the disk is full, ends no connection. Without a reader of its log
  // the server ends, as other programs do.
  let server: GliaServer | undefined
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (err: NodeJS.ErrnoException) => {
      if (err.code === 'EPIPE') void end(server, options)
    })
  }
  server = await startServer({ ...options, ...builtFiles(options), log })
  // Once: a second signal ends the process at once, as usual.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(server, options))
  whenOrphaned(() => void end(server, options))
  void server.lost.then(() => {
    log.warn(
      `Another server has taken the data folder ${options.data}, because this one did not run for some time, or its lock was deleted. It ends.`,
    )
    return end(server, options)
  })
  const { url, peerId, relayAddresses } = server
  if (options.log === 'json') {
    log.info('Glia serves', { version: VERSION, url, peer: peerId, relays: relayAddresses })
    return
  }
  console.log(`Glia is at ${url}`)
  console.log(`Version: ${VERSION}`)
  for (const address of relayAddresses) console.log(`Relay: ${address}`)
  if (!isLoopback(options.host)) console.log(exposure(options, server.port))
}

/** Ends the process in time, also if something does not stop. The messages of actors have their time before. */
async function end(server: GliaServer | undefined, { actors, graceSeconds }: Options): Promise<void> {
  setTimeout(() => process.exit(), STOP_DEADLINE_MS + (actors ? graceSeconds * 1000 : 0)).unref()
  await server?.stop()
  process.exit()
}

function exposure({ host }: Options, port: number): string {
  return (
    `Other machines can reach it too, on ${host} port ${port}. ` +
    'Browsers there need HTTPS in front of it: service workers and isolation work only on localhost or HTTPS.'
  )
}
