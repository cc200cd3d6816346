import { type CallTargets, readTargets } from './call-targets.ts'
import { type CallerPolicy, type Callers, type MethodPolicy, readCallers, readMethods } from './callers.ts'
import { GliaError, isExitCode } from '../errors.ts'
import { readOrigins } from './http-origins.ts'

const MiB = 1024 * 1024

/**
 * Whether a process may call others, as files under `/ww/0.1.0`, and with whose rights. With `'caller'` each callee
 * must allow those for whom the process calls: a stranger's message gets a stranger's rights. With `'owner'` it calls
 * as this browser, whoever sent the message.
 */
export type CallRight = 'off' | 'caller' | 'owner'

/** The rights and limits of a process. Least authority by default. */
export interface Policy extends CallerPolicy {
  /** Who may call. */
  callers: Callers
  /** Methods with callers of their own, in the place of those of the process. */
  methods: Readonly<Record<string, MethodPolicy>>
  /**
   * Who is told what the program wrote to stderr at the end, when a call fails. This browser always is. Everybody for
   * whom the call is made has to be in the list.
   */
  stderr: Callers
  /** Whether this peer records its calls, and those to it. */
  trace: boolean
  /** Whether the record of a call to it, or of its call to another peer, keeps the first 4 KiB of message and reply. */
  keepHeads: boolean
  /** Which peers are told of its calls when they ask for a trace, beside those that took part in the call. */
  traceTo: Callers
  /** Whether other peers find it in the list of this peer's processes. The root process is found by its alias. */
  listed: boolean
  /** Whether peers that know the CID of its module get the module, and are told that this peer has it. */
  shareModule: boolean
  /** Whether it may call others, and with whose rights. */
  call: CallRight
  /** Whom it may call. */
  callTo: CallTargets
  /**
   * Whether it may make processes, and manage those that it made, with messages to `sys`. They have at most its own
   * rights and limits. It reaches `sys` also where it may call nobody else.
   */
  spawn: boolean
  /** How many processes it, and those that it makes, may have made that still exist. One with keys is one. */
  maxChildren: number
  /**
   * Largest memory of all of these, in bytes: the sum of their `maxMemoryBytes`. Of a process with keys each live
   * instance counts, and at least one.
   */
  maxChildrenBytes: number
  /** The origins to which it may send HTTP requests, as files under `/http`: `https://example.org`. */
  http: readonly string[]
  /** Longest time that a message may wait in the mailbox, and then run, in ms each. */
  deadlineMs: number
  /** How many messages of this browser may wait for their turn, and how many other peers may have messages waiting. */
  mailbox: number
  /** Largest linear memory, at the start and grown, in bytes. */
  maxMemoryBytes: number
  /** Largest accepted message, in bytes. */
  maxMessageBytes: number
  /** Largest reply, in bytes. */
  maxReplyBytes: number
  /** Files and folders that may be open at once, beside the standard descriptors. */
  maxOpenFiles: number
  /** Calls to others and HTTP requests that may be open at once. */
  maxCalls: number
  /** Keys that a process with an instance for each may have, and that the processes which it makes may have together. */
  maxKeys: number
  /** Largest memory of the files under `/data`, in bytes: of a process, or of each key. */
  maxDataBytes: number
  /** Largest memory of an instance's files elsewhere, as under `/tmp`, in bytes. */
  maxTmpBytes: number
  /**
   * What `fsync` and O_SYNC under `/data` promise. `durable`: when they return, the files survive a browser that is
   * killed; and under `memory: 'durable'` the reply of the message ends when its state is stored too. `relaxed`: they
   * ask for the files to be stored soon, and do not wait.
   */
  sync: 'relaxed' | 'durable'
  /**
   * Whether its idle instance may be ended to make room for another process. What is in its memory is lost. If false,
   * only an instance that holds nothing of its messages is ended.
   */
  evict: boolean
  /**
   * What becomes of what is in its memory. `durable`: it is kept, and the next instance goes on with it, also after a
   * reload. `resident`: it is lost with the instance. `fresh`: each message gets an instance of its own, so no message
   * finds what another one has left.
   */
  memory: 'durable' | 'resident' | 'fresh'
  /**
   * When a message counts as done under `memory: 'durable'`. `soon`: its state is stored at most a little after its reply.
   * `before-reply`: the reply ends when its state is stored, so nothing that a caller knows of is ever forgotten.
   */
  durable: 'soon' | 'before-reply'
  /** Exit codes that are no failure, such as 1 of grep and diff. 0 never is a failure. */
  okExits: readonly number[]
}

/** A policy as people give it: parts of it. `call` may have its old form, without whose rights. */
export type GivenPolicy = Partial<Omit<Policy, 'call'>> & {
  /** true is `'owner'`, false is `'off'`. */
  call?: CallRight | boolean | undefined
}

export const DEFAULT_POLICY: Policy = {
  callers: 'anyone',
  methods: {},
  stderr: 'browser',
  trace: true,
  keepHeads: false,
  traceTo: 'browser',
  listed: false,
  shareModule: false,
  call: 'off',
  callTo: 'any',
  spawn: false,
  maxChildren: 16,
  maxChildrenBytes: 1024 * MiB,
  http: [],
  deadlineMs: 30_000,
  mailbox: 64,
  maxMemoryBytes: 256 * MiB,
  maxMessageBytes: 64 * MiB,
  maxReplyBytes: 1024 * MiB,
  maxOpenFiles: 128,
  maxCalls: 16,
  maxKeys: 10_000,
  maxDataBytes: 64 * MiB,
  maxTmpBytes: 64 * MiB,
  sync: 'relaxed',
  evict: false,
  memory: 'resident',
  durable: 'soon',
  okExits: [],
}

/** Fields that a worker gets at its start. A change of them counts from the next start on. */
const OF_THE_START = ['maxMemoryBytes', 'maxOpenFiles', 'maxCalls', 'maxDataBytes', 'maxTmpBytes', 'sync'] as const

/** The result of a change of a policy. */
export interface PolicyChange {
  policy: Policy
  /** Fields that count from the next instance on, because one runs now. The others count at once. */
  later: readonly (keyof Policy)[]
}

/** setTimeout takes a signed 32-bit number of ms. A longer wait would fire at once. */
const MAX_MS = 2 ** 31 - 1
const WASM32_BYTES = 4 * 1024 * MiB
/** Most open descriptors: more than any program here needs. Each takes memory of the page or the worker. */
const MAX_OPEN = 65_536
/** Most processes that one may have made. Each spawn looks through them. */
const MAX_CHILDREN = 10_000
/** Most exit codes: as many as a shell has. */
const MAX_OK_EXITS = 256

/**
 * The defaults, replaced by the given fields.
 * @throws {GliaError} ERR_BAD_REQUEST that names the field that is unknown or out of range.
 */
export function makePolicy(given: Readonly<Record<string, unknown>> = {}): Policy {
  const policy = { ...DEFAULT_POLICY }
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue
    switch (key) {
      case 'callers':
      case 'stderr':
      case 'traceTo':
        policy[key] = readCallers(key, value)
        break
      case 'methods':
        policy.methods = readMethods(value)
        break
      case 'call':
        policy.call = readCallRight(value)
        break
      case 'callTo':
        policy.callTo = readTargets(value)
        break
      case 'http':
        policy.http = readOrigins(value)
        break
      case 'deadlineMs':
        policy.deadlineMs = readCount(key, value, 1, MAX_MS)
        break
      case 'maxChildren':
        policy.maxChildren = readCount(key, value, 0, MAX_CHILDREN)
        break
      case 'mailbox':
        policy.mailbox = readCount(key, value, 0, 1_000_000)
        break
      case 'maxMemoryBytes':
      case 'maxDataBytes':
      case 'maxTmpBytes':
        policy[key] = readCount(key, value, 0, WASM32_BYTES)
        break
      case 'maxMessageBytes':
      case 'maxReplyBytes':
      case 'maxChildrenBytes':
        policy[key] = readCount(key, value, 0, Number.MAX_SAFE_INTEGER)
        break
      case 'maxKeys':
        policy.maxKeys = readCount(key, value, 1, 1_000_000)
        break
      case 'maxOpenFiles':
      case 'maxCalls':
        policy[key] = readCount(key, value, 0, MAX_OPEN)
        break
      case 'sync':
        policy.sync = readSync(value)
        break
      case 'memory':
        policy.memory = readMemory(value)
        break
      case 'durable':
        policy.durable = readDurable(value)
        break
      case 'trace':
      case 'keepHeads':
      case 'listed':
      case 'shareModule':
      case 'spawn':
      case 'evict':
        policy[key] = readSwitch(key, value)
        break
      case 'okExits':
        policy.okExits = readExits(value)
        break
      default:
        throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: there is no such setting.`)
    }
  }
  return policy
}

/**
 * A policy with some fields changed.
 * @param methods Methods that may have callers of their own. With a mistyped name the intended method would stay open.
 * @throws {GliaError} ERR_BAD_REQUEST that names the field that is unknown, out of range or no method.
 */
export function changedPolicy(policy: Policy, given: unknown, methods: readonly string[]): Policy {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new GliaError('ERR_BAD_REQUEST', 'policy: give an object with the fields that are to change.')
  }
  const changes = Object.entries(given).filter(([, value]) => value !== undefined)
  const changed = makePolicy({ ...policy, ...Object.fromEntries(changes) })
  checkMethodNames(changed, [...methods, ...Object.keys(policy.methods)])
  return changed
}

/** @throws {GliaError} ERR_BAD_REQUEST if a method with callers of its own is none of the given ones. */
export function checkMethodNames({ methods: own }: Policy, methods: readonly string[]): void {
  const unknown = Object.keys(own).find((method) => !methods.includes(method))
  if (unknown === undefined) return
  throw new GliaError(
    'ERR_BAD_REQUEST',
    `policy.methods: there is no method “${unknown}”. There are: ${methods.join(', ')}.`,
  )
}

/** Whether a process finds files under `/ww`: those of the processes that it may call. */
export function hasCallFiles({ call, spawn }: Pick<Policy, 'call' | 'spawn'>): boolean {
  return call !== 'off' || spawn
}

/** The fields in which two policies differ. */
export function changedFields(before: Policy, after: Policy): (keyof Policy)[] {
  const fields = Object.keys(after) as (keyof Policy)[]
  return fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
}

/** The changed fields that count for a running instance only from its next start on. */
export function changesOfStart(before: Policy, after: Policy): (keyof Policy)[] {
  const fields: (keyof Policy)[] = OF_THE_START.filter((field) => before[field] !== after[field])
  if ((before.memory === 'fresh') !== (after.memory === 'fresh')) fields.unshift('memory')
  // An instance that was started without the right has no /ww, or no /http.
  if (before.http.length === 0 && after.http.length > 0) fields.unshift('http')
  if (!hasCallFiles(before) && hasCallFiles(after)) fields.unshift(after.call === 'off' ? 'spawn' : 'call')
  return fields
}

function readCallRight(value: unknown): CallRight {
  if (value === 'off' || value === 'caller' || value === 'owner') return value
  if (typeof value === 'boolean') return value ? 'owner' : 'off'
  throw new GliaError('ERR_BAD_REQUEST', `policy.call: give 'off', 'caller' or 'owner', not ${String(value)}.`)
}

function readSync(value: unknown): Policy['sync'] {
  if (value === 'relaxed' || value === 'durable') return value
  throw new GliaError('ERR_BAD_REQUEST', `policy.sync: give 'relaxed' or 'durable', not ${String(value)}.`)
}

function readMemory(value: unknown): Policy['memory'] {
  if (value === 'durable' || value === 'resident' || value === 'fresh') return value
  throw new GliaError('ERR_BAD_REQUEST', `policy.memory: give 'durable', 'resident' or 'fresh', not ${String(value)}.`)
}

function readDurable(value: unknown): Policy['durable'] {
  if (value === 'soon' || value === 'before-reply') return value
  throw new GliaError('ERR_BAD_REQUEST', `policy.durable: give 'soon' or 'before-reply', not ${String(value)}.`)
}

function readExits(value: unknown): number[] {
  if (Array.isArray(value) && value.length <= MAX_OK_EXITS && value.every(isExitCode)) return [...value]
  throw new GliaError('ERR_BAD_REQUEST', `policy.okExits: give a list of at most ${MAX_OK_EXITS} exit codes.`)
}

function readSwitch(key: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: give true or false, not ${String(value)}.`)
}

function readCount(key: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new GliaError(
    'ERR_BAD_REQUEST',
    `policy.${key}: give a whole number from ${min} to ${max}, not ${String(value)}.`,
  )
}
