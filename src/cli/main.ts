#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { GliaError } from '../glia/errors.ts'
import { failedCallWords } from '../glia/failure.ts'
import { UsageError } from '../node/option-values.ts'
import { addCall } from './call.ts'
import { exitCodeOf } from './exit-code.ts'
import { addId } from './id.ts'
import { addLs } from './ls.ts'
import { addManage } from './manage.ts'
import { addPeers } from './peers.ts'
import { addServe } from './serve.ts'
import { addVersion } from './version.ts'
import { complain, endWithStdout, jsonOf } from './print.ts'
import { VERSION } from '../node/version.ts'

/** The command `glia`. A verb is one file here, which adds a subcommand. */
const program = new Command('glia')
  .description(
    'A peer of an actor mesh: serves the page, its relay and its gateway, and calls actors through a gateway.',
  )
  .version(VERSION, '-V, --version', 'print the version of this program')
  .helpOption('-h, --help', 'print this, or what a command takes')
  .configureHelp({ optionTerm: ({ flags }) => flags.replace(/[<>]/g, '') })
  .configureOutput({ writeErr: () => undefined })
  .exitOverride()
for (const add of [addServe, addCall, addLs, addPeers, addId, addManage, addVersion]) add(program)

/** Tells a person in one sentence what went wrong. @returns the exit code. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode !== 0) complain(`${sentenceOf(thrown)} Try --help.`)
    return thrown.exitCode
  }
  if (thrown instanceof UsageError) {
    complain(thrown.message)
    return 1
  }
  if (thrown instanceof GliaError) {
    const asJson = process.argv.includes('--json')
    if (asJson) complain(jsonOf(thrown))
    else {
      if (thrown.stderr !== undefined) complain(thrown.stderr.trimEnd())
      const words = [`${thrown.code}: ${thrown.message}`, failedCallWords(thrown)]
      complain(words.filter((each) => each !== undefined).join(' '))
    }
    return exitCodeOf(thrown)
  }
  complain(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
  return 1
}

/** What commander says is “error: unknown option '--prot'”, and a suggestion in a line of its own. */
function sentenceOf({ code, message }: CommanderError): string {
  // “glia help” for a command that is not there.
  if (code === 'commander.help') return `Unknown command '${program.args[1] ?? ''}'.`
  const [words = '', hint = ''] = message.replace(/^error: /, '').split('\n')
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`
  return hint === '' ? sentence : `${sentence} ${hint.replace(/^\(|\)$/g, '')}`
}

process.stdout.on('error', endWithStdout)
try {
  await program.parseAsync()
} catch (thrown) {
  const code = report(thrown)
  // At once, also where a file system or a socket still holds the process; but what was written goes out first.
  process.stdout.write('', () => process.exit(code))
}
