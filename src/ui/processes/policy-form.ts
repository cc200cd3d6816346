import { readTargets } from '../../glia/process/call-targets.ts'
import { type Callers, type MethodPolicy, readCallers, readMethods } from '../../glia/process/callers.ts'
import { GliaError } from '../../glia/errors.ts'
import { readOrigins } from '../../glia/process/http-origins.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { type CallRight, DEFAULT_POLICY, makePolicy, type Policy } from '../../glia/process/policy.ts'
import { linesOf, oncePerName } from '../kit/lines.ts'

const MiB = 1024 * 1024

/** The fields of a policy as text, as the person typed them. */
export interface PolicyForm {
  /** The part of the policy that the fields do not show. It stays as it is. */
  base: Policy
  /** `'listed'` is anyone, with `listed` set. */
  callers: 'browser' | 'anyone' | 'listed' | 'peers'
  /** Peer ids, one per line; used with `callers: 'peers'`. */
  peers: string
  /** Used with `callers: 'peers'`. */
  listed: boolean
  /** Other peers get its module. */
  sharesModule: boolean
  /** Methods with callers of their own, one per line: `increment: browser`. */
  methods: string
  /** Who is told the end of stderr: `browser`, `anyone`, or peer ids with spaces between them. */
  stderr: string
  call: CallRight
  /** Addresses, one per line. Empty means any. */
  callTo: string
  /** It may make processes. */
  maySpawn: boolean
  children: string
  childrenMiB: string
  /** Used by processes with an instance for each key. */
  keys: string
  /** Origins, one per line. */
  http: string
  deadlineSeconds: string
  mailbox: string
  memoryMiB: string
  messageMiB: string
  replyMiB: string
  dataMiB: string
  tmpMiB: string
  openFiles: string
  openCalls: string
  /** Numbers, separated by spaces. */
  okExits: string
  mayEvict: boolean
  /** What becomes of what is in its memory. */
  memory: Policy['memory']
  /** A reply waits until what is in memory is stored. */
  storesFirst: boolean
  /** `fsync` waits until the files are stored. */
  durable: boolean
  /** Its calls are recorded. */
  traced: boolean
  keepsHeads: boolean
  /** Who is told of its calls: `browser`, `anyone`, or peer ids with spaces between them. */
  traceTo: string
}

/** Why a field cannot be used, one sentence each. */
export type PolicyErrors = Partial<Record<keyof PolicyForm, string>>

const UNIT = {
  deadlineSeconds: 1000,
  mailbox: 1,
  memoryMiB: MiB,
  messageMiB: MiB,
  replyMiB: MiB,
  dataMiB: MiB,
  tmpMiB: MiB,
  openFiles: 1,
  openCalls: 1,
  children: 1,
  childrenMiB: MiB,
  keys: 1,
} as const

type NumberField = keyof typeof UNIT

/** The largest value of each field, in the unit of the field. */
const LARGEST: Record<NumberField, number> = {
  deadlineSeconds: 2_000_000,
  mailbox: 1_000_000,
  memoryMiB: 4096,
  messageMiB: 1_000_000,
  replyMiB: 1_000_000,
  dataMiB: 4096,
  tmpMiB: 4096,
  openFiles: 65_536,
  openCalls: 65_536,
  children: 10_000,
  childrenMiB: 1_000_000,
  keys: 1_000_000,
}

/** The fields when the form is opened. */
export function policyForm(policy: Policy = DEFAULT_POLICY): PolicyForm {
  const { callers, listed, methods, callTo } = policy
  return {
    base: policy,
    callers: callers === 'anyone' ? (listed ? 'listed' : 'anyone') : callers === 'browser' ? 'browser' : 'peers',
    peers: typeof callers === 'string' ? '' : callers.join('\n'),
    listed,
    sharesModule: policy.shareModule,
    methods: Object.entries(methods).map(methodLine).join('\n'),
    stderr: whoText(policy.stderr),
    call: policy.call,
    callTo: callTo === 'any' ? '' : callTo.join('\n'),
    http: policy.http.join('\n'),
    deadlineSeconds: String(policy.deadlineMs / UNIT.deadlineSeconds),
    mailbox: String(policy.mailbox),
    memoryMiB: String(policy.maxMemoryBytes / MiB),
    messageMiB: String(policy.maxMessageBytes / MiB),
    replyMiB: String(policy.maxReplyBytes / MiB),
    dataMiB: String(policy.maxDataBytes / MiB),
    tmpMiB: String(policy.maxTmpBytes / MiB),
    openFiles: String(policy.maxOpenFiles),
    openCalls: String(policy.maxCalls),
    maySpawn: policy.spawn,
    children: String(policy.maxChildren),
    keys: String(policy.maxKeys),
    childrenMiB: String(policy.maxChildrenBytes / MiB),
    okExits: policy.okExits.join(' '),
    mayEvict: policy.evict,
    memory: policy.memory,
    storesFirst: policy.durable === 'before-reply',
    durable: policy.sync === 'durable',
    traced: policy.trace,
    keepsHeads: policy.keepHeads,
    traceTo: whoText(policy.traceTo),
  }
}

/** The meaning of the fields. A field that is shown and means nothing gets a sentence in `errors`. */
export function readPolicyForm(form: PolicyForm, errors: PolicyErrors): Policy {
  const wrong: PolicyErrors = {}
  readFields(form, wrong)
  // Nobody can mend a field that is not shown, so it says again what it said at first.
  const before = policyForm(form.base)
  const mended = hiddenFields(form).filter((field) => wrong[field] !== undefined)
  return readFields({ ...form, ...Object.fromEntries(mended.map((field) => [field, before[field]])) }, errors)
}

/** The fields that the form does not show, because of what others say. */
function hiddenFields({ call, maySpawn, traced }: PolicyForm): (keyof PolicyForm)[] {
  return [
    ...(call === 'off' ? (['callTo'] as const) : []),
    ...(maySpawn ? [] : (['children', 'childrenMiB'] as const)),
    ...(traced ? [] : (['traceTo'] as const)),
  ]
}

function readFields(form: PolicyForm, errors: PolicyErrors): Policy {
  const peers = linesOf(form.peers)
  const wrongPeer = peers.find((peer) => !isPeerId(peer))
  if (form.callers === 'peers' && (peers.length === 0 || wrongPeer !== undefined)) {
    errors.peers = wrongPeer === undefined ? 'Give a peer id.' : `“${wrongPeer}” is no peer id.`
  }
  const numbers = readNumbers(form, errors)
  const targets = linesOf(form.callTo)
  return {
    ...form.base,
    callers: form.callers === 'peers' ? peers : form.callers === 'browser' ? 'browser' : 'anyone',
    listed: form.callers === 'listed' || (form.callers === 'peers' && form.listed),
    shareModule: form.sharesModule,
    methods:
      checked(errors, 'methods', () => readMethods(oncePerName(linesOf(form.methods).map(readMethodLine)))) ?? {},
    stderr: checked(errors, 'stderr', () => readCallers('stderr', readWho(form.stderr))) ?? 'browser',
    call: form.call,
    callTo: (targets.length > 0 && checked(errors, 'callTo', () => readTargets(targets))) || 'any',
    http: checked(errors, 'http', () => readOrigins(linesOf(form.http))) ?? [],
    okExits: checked(errors, 'okExits', () => readExits(form.okExits)) ?? [],
    evict: form.mayEvict,
    memory: form.memory,
    durable: form.storesFirst ? 'before-reply' : 'soon',
    sync: form.durable ? 'durable' : 'relaxed',
    trace: form.traced,
    keepHeads: form.keepsHeads,
    traceTo: checked(errors, 'traceTo', () => readCallers('traceTo', readWho(form.traceTo))) ?? 'browser',
    deadlineMs: numbers.deadlineSeconds,
    mailbox: numbers.mailbox,
    maxMemoryBytes: numbers.memoryMiB,
    maxMessageBytes: numbers.messageMiB,
    maxReplyBytes: numbers.replyMiB,
    maxDataBytes: numbers.dataMiB,
    maxTmpBytes: numbers.tmpMiB,
    maxOpenFiles: numbers.openFiles,
    maxCalls: numbers.openCalls,
    spawn: form.maySpawn,
    maxChildren: numbers.children,
    maxChildrenBytes: numbers.childrenMiB,
    maxKeys: numbers.keys,
  }
}

function readNumbers(form: PolicyForm, errors: PolicyErrors): Record<NumberField, number> {
  const read = (field: NumberField): number => {
    const value = form[field].trim() === '' ? NaN : Number(form[field])
    const result = Math.round(value * UNIT[field])
    const smallest = field === 'deadlineSeconds' || field === 'keys' ? 1 : 0
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
    tmpMiB: read('tmpMiB'),
    openFiles: read('openFiles'),
    openCalls: read('openCalls'),
    children: read('children'),
    childrenMiB: read('childrenMiB'),
    keys: read('keys'),
  }
}

/** The result of `read`. If `read` throws, undefined: the field shows the reason. */
function checked<T>(errors: PolicyErrors, field: keyof PolicyForm, read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof GliaError)) throw thrown
    errors[field] = thrown.message.replace(/^policy\.\w+: /, '')
    return undefined
  }
}

function readExits(text: string): readonly number[] {
  const codes = text.split(/[\s,]+/).filter((code) => code !== '')
  return makePolicy({ okExits: codes.map(Number) }).okExits
}

function methodLine([method, { callers }]: [string, MethodPolicy]): string {
  return `${method}: ${whoText(callers)}`
}

function whoText(callers: Callers): string {
  return typeof callers === 'string' ? callers : callers.join(' ')
}

function readWho(text: string): Callers {
  const who = text.trim()
  return who === 'anyone' || who === 'browser' ? who : who.split(/[\s,]+/).filter((id) => id !== '')
}

/** `increment: browser`, `reset: 12D3… 12D3…`. */
function readMethodLine(line: string): [string, { callers: Callers }] {
  const at = line.lastIndexOf(':')
  if (at < 0) throw new GliaError('ERR_BAD_REQUEST', `“${line}” is not “method: who may call it”.`)
  return [line.slice(0, at).trim(), { callers: readWho(line.slice(at + 1)) }]
}
