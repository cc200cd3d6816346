import { isLoopback } from './loopback.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { whenOrphaned } from './orphan.ts'
import { startServer } from './server.ts'

/** The Node process: says where it is, then serves until it is told to stop. */
async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options === 'help') {
    console.log(HELP)
    return
  }
  const server = await startServer(options)
  // Once: a second signal ends the process at once, as it would any other.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.stop())
  whenOrphaned(() => void server.stop())
  console.log(`Glia is at ${server.url}`)
  if (!isLoopback(options.host)) console.log(exposure(options, server.port))
}

function exposure({ host }: Options, port: number): string {
  return (
    `Other machines can reach it too, on ${host} port ${port}. ` +
    'Browsers there need HTTPS in front of it: service workers and isolation work only on localhost or HTTPS.'
  )
}

try {
  await main()
} catch (err) {
  console.error(err instanceof UsageError ? err.message : err)
  process.exitCode = 1
}
