import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { UsageError } from '../option-values.ts'
import { hostOf } from './loopback.ts'

/** One of the three ports, and the flag that chooses it. */
export interface ListenPort {
  readonly flag: string
  readonly port: number
}

/** @throws {UsageError} that says which port cannot be opened, why, and which flag chooses another one */
export async function listen(server: Server, { flag, port }: ListenPort, host: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (err) {
    throw new UsageError(explain(err as NodeJS.ErrnoException, { flag, port }, host), { cause: err })
  }
}

/** Checks that a port is free, if libp2p will open it: libp2p's errors name no flag. */
export async function checkPort(wanted: ListenPort, host: string): Promise<void> {
  if (wanted.port === 0) return
  const server = createServer()
  await listen(server, wanted, host)
  server.close()
  await once(server, 'close')
}

function explain(err: NodeJS.ErrnoException, { flag, port }: ListenPort, host: string): string {
  switch (err.code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use: choose another one with ${flag} PORT (0 = any).`
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}: choose another one with --host IP.`
    case 'EACCES':
      return `Port ${port} needs more rights than this user has: choose one from 1024 on with ${flag} PORT.`
    default:
      return `Cannot listen on ${hostOf(host)}:${port} (${flag}): ${err.message}.`
  }
}
