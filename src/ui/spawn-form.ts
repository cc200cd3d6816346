import type { SpawnOptions } from '../actors/spawn-options.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { DEFAULT_POLICY, type Policy } from '../glia/policy.ts'
import { DEFAULT_RESTART, type RestartType } from '../glia/restart.ts'
import { linesOf } from './lines.ts'
import { splitArgs } from './split-args.ts'

const MiB = 1024 * 1024

/** The fields of the sheet, as they are typed. */
export interface SpawnForm {
  name: string
  /** As in a shell. */
  args: string
  /** KEY=value lines. */
  env: string
  callers: 'anyone' | 'browser' | 'peers'
  /** Peer ids, one a line; of use with `callers: 'peers'`. */
  peers: string
  mayCall: boolean
  deadlineSeconds: string
  mailbox: string
  memoryMiB: string
  messageMiB: string
  replyMiB: string
  dataMiB: string
  openFiles: string
  openCalls: string
  mayEvict: boolean
  /** `fsync` waits until the files are stored for good. */
  durable: boolean
  restart: RestartType
}

/** Why fields cannot be used, a sentence each. */
export type FormErrors = Partial<Record<keyof SpawnForm, string>>

export type ReadForm = { options: SpawnOptions } | { errors: FormErrors }

const UNIT = {
  deadlineSeconds: 1000,
  mailbox: 1,
  memoryMiB: MiB,
  messageMiB: MiB,
  replyMiB: MiB,
  dataMiB: MiB,
  openFiles: 1,
  openCalls: 1,
} as const

type NumberField = keyof typeof UNIT

/** Largest that each can be, in its own unit. */
const LARGEST: Record<NumberField, number> = {
  deadlineSeconds: 2_000_000,
  mailbox: 1_000_000,
  memoryMiB: 4096,
  messageMiB: 1_000_000,
  replyMiB: 1_000_000,
  dataMiB: 4096,
  openFiles: 65_536,
  openCalls: 65_536,
}

/** The sheet as it is when it is opened. */
export function newForm(name: string): SpawnForm {
  const { deadlineMs, mailbox, maxMemoryBytes, maxMessageBytes, maxReplyBytes, maxOpenFiles, maxCalls, maxDataBytes } =
    DEFAULT_POLICY
  return {
    name,
    args: '',
    env: '',
    callers: 'anyone',
    peers: '',
    mayCall: DEFAULT_POLICY.call,
    deadlineSeconds: String(deadlineMs / UNIT.deadlineSeconds),
    mailbox: String(mailbox),
    memoryMiB: String(maxMemoryBytes / MiB),
    messageMiB: String(maxMessageBytes / MiB),
    replyMiB: String(maxReplyBytes / MiB),
    dataMiB: String(maxDataBytes / MiB),
    openFiles: String(maxOpenFiles),
    openCalls: String(maxCalls),
    mayEvict: DEFAULT_POLICY.evict,
    durable: DEFAULT_POLICY.sync === 'durable',
    restart: DEFAULT_RESTART.type,
  }
}

/** What the fields mean, or which of them mean nothing. */
export function readForm(form: SpawnForm): ReadForm {
  const errors: FormErrors = {}
  const name = form.name.trim()
  if (name === '' || name.length > 100) errors.name = 'Give it a name of 1 to 100 characters.'
  const args = splitArgs(form.args)
  if (!args) errors.args = 'A quote is not closed, or nothing follows the last backslash.'
  const env = readEnv(form.env)
  if (typeof env === 'string') errors.env = env
  const peers = linesOf(form.peers)
  const wrongPeer = peers.find((peer) => !isPeerId(peer))
  if (form.callers === 'peers' && (peers.length === 0 || wrongPeer !== undefined)) {
    errors.peers = wrongPeer === undefined ? 'Give a peer id.' : `“${wrongPeer}” is no peer id.`
  }
  const numbers = readNumbers(form, errors)
  if (Object.keys(errors).length > 0 || typeof env === 'string') return { errors }
  const policy: Policy = {
    okExits: DEFAULT_POLICY.okExits,
    callers: form.callers === 'peers' ? peers : form.callers,
    call: form.mayCall,
    evict: form.mayEvict,
    deadlineMs: numbers.deadlineSeconds,
    mailbox: numbers.mailbox,
    maxMemoryBytes: numbers.memoryMiB,
    maxMessageBytes: numbers.messageMiB,
    maxReplyBytes: numbers.replyMiB,
    maxDataBytes: numbers.dataMiB,
    sync: form.durable ? 'durable' : 'relaxed',
    maxOpenFiles: numbers.openFiles,
    maxCalls: numbers.openCalls,
  }
  return { options: { name, args, env, restart: form.restart, policy } }
}

function readNumbers(form: SpawnForm, errors: FormErrors): Record<NumberField, number> {
  const read = (field: NumberField): number => {
    const value = form[field].trim() === '' ? NaN : Number(form[field])
    const result = Math.round(value * UNIT[field])
    const smallest = field === 'deadlineSeconds' ? 1 : 0
    const isWhole = UNIT[field] > 1 || Number.isInteger(value)
    if (!(result >= smallest && value <= LARGEST[field] && isWhole)) {
      const kind = UNIT[field] > 1 ? 'number' : 'whole number'
      const range = smallest === 0 ? `from 0 to ${LARGEST[field]}` : `above 0, to ${LARGEST[field]}`
      errors[field] = `Give a ${kind} ${range}.`
    }
    return result
  }
  return {
    deadlineSeconds: read('deadlineSeconds'),
    mailbox: read('mailbox'),
    memoryMiB: read('memoryMiB'),
    messageMiB: read('messageMiB'),
    replyMiB: read('replyMiB'),
    dataMiB: read('dataMiB'),
    openFiles: read('openFiles'),
    openCalls: read('openCalls'),
  }
}

/** What KEY=value lines mean, or what is wrong with one of them. */
function readEnv(text: string): Record<string, string> | string {
  const env: Record<string, string> = {}
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const at = line.indexOf('=')
    const key = line.slice(0, at).trim()
    if (at < 0 || key === '') return `“${line.trim()}” is no KEY=value line.`
    if (key.startsWith('WW_')) return `${key}: names that begin with WW_ are set by Glia.`
    env[key] = line.slice(at + 1)
  }
  return env
}
