import { isMethodName } from './address.ts'
import { MAX_DESCRIPTION } from './description.ts'
import { GliaError } from './errors.ts'
import { isModuleCid } from './module-cid.ts'
import { methodsFor } from './process/admit.ts'
import type { Policy } from './process/policy.ts'
import { fields } from './untrusted.ts'

/** What a peer tells of one of its processes to another peer that has the PID and may call it. */
export interface ToldProcess {
  name: string
  /** The methods that the asking peer may call. */
  methods: readonly string[]
  /** What the process does, in the words of its owner. */
  description?: string | undefined
  /** Whether it has an instance for each key, so that a call of it needs a key. Left out: it has none. */
  key?: true | undefined
  /** Its module, if the owner shares that. */
  module?: { cid: string; bytes: number } | undefined
}

/** What is read of a process to tell of it. */
export interface Tellable {
  readonly name: string
  readonly description?: string | undefined
  /** Whether it has an instance for each key. */
  readonly key?: boolean | undefined
  readonly methods: readonly string[]
  readonly policy: Policy
  readonly cid: string
  readonly moduleBytes: number
}

const MAX_NAME = 100
const MAX_METHODS = 64

/**
 * What a peer may know of a process.
 * @throws {GliaError} ERR_DENIED if it may call none of the methods.
 */
export function tellProcess(asker: string, process: Tellable): ToldProcess {
  const { name, description, key = false, policy, cid, moduleBytes } = process
  const methods = methodsFor(process, [asker]).slice(0, MAX_METHODS)
  if (methods.length === 0) throw new GliaError('ERR_DENIED', 'The owner of this process does not let you call it.')
  return {
    name: name.slice(0, MAX_NAME),
    methods,
    description,
    ...(key && { key }),
    ...(policy.shareModule && { module: { cid, bytes: moduleBytes } }),
  }
}

/** Checks what another peer told. Wrong parts are left out. @returns undefined if it names no process. */
export function readToldProcess(value: unknown): ToldProcess | undefined {
  const { name, methods, description, key, module } = fields(value)
  if (typeof name !== 'string' || !Array.isArray(methods)) return undefined
  const { cid, bytes } = fields(module)
  const isModule = typeof cid === 'string' && isModuleCid(cid) && Number.isSafeInteger(bytes) && Number(bytes) > 0
  return {
    name: name.slice(0, MAX_NAME),
    methods: methods
      .filter((method): method is string => typeof method === 'string' && isMethodName(method))
      .slice(0, MAX_METHODS),
    ...(typeof description === 'string' && { description: description.slice(0, MAX_DESCRIPTION) }),
    ...(key === true && { key }),
    ...(isModule && { module: { cid, bytes: Number(bytes) } }),
  }
}
