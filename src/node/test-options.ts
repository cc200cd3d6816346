// For tests: options as the command line gives them.
import { Command } from 'commander'
import { addServerFlags, type Env, type Options, readServerFlags } from './options.ts'

export function parseOptions(args: readonly string[], env: Env): Options {
  const command = addServerFlags(new Command('serve').exitOverride().configureOutput({ writeErr: () => undefined }))
  return readServerFlags(command.parse(args, { from: 'user' }), env)
}
