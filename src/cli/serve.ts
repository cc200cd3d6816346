import type { Command } from 'commander'
import { UsageError } from '../node/option-values.ts'
import { addServerFlags, type Options, readServerFlags } from '../node/options.ts'
import { endWithStdout } from './print.ts'

/** `glia serve`, and `glia` alone: the server. `glia host`: the same, and actors live on it. */
export function addServe(program: Command): void {
  const serve = program.command('serve', { isDefault: true }).description('serve the page, its relay and its gateway')
  addServerFlags(serve)
    .argument('[words...]')
    .action(async ([word]: string[]) => {
      if (word !== undefined) throw new UsageError(`Unknown command '${word}'. Try --help.`)
      await run(readServerFlags(serve, process.env))
    })
  const host = program.command('host').description('serve the same, and let actors live here, also without a page')
  addServerFlags(host)
    .argument('[words...]')
    .action(async ([word]: string[]) => {
      if (word !== undefined)
        throw new UsageError(`“glia host” takes no '${word}': make an actor with “glia spawn FILE”.`)
      await run({ ...readServerFlags(host, process.env), actors: true })
    })
  program.addHelpText(
    'after',
    () =>
      `\nWithout a command it serves. That takes:\n${serve.helpInformation().replace(/^[^]*?\n\n(?= *Options)/, '')}`,
  )
}

async function run(options: Options): Promise<void> {
  // The server says itself what happens when its log has no reader.
  process.stdout.off('error', endWithStdout)
  // Loaded only now: the other commands need nothing of libp2p.
  const server = await import('../node/serve.ts')
  await server.serve(options)
}
