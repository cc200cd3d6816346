import { isMethodName } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { keyIn, processOf } from '../../glia/instance-key.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import type { Reminder } from '../table/reminder.ts'
import { sizeOf } from './reminder-line.ts'
import { bad, isDate, readAgain, readTimes } from './reminder-times.ts'

/** Reminders that a process may have, or an instance of it. */
export const MAX_OF_ONE = 100
/** Largest memory of the reminders of a process with all its instances, in bytes. */
export const MAX_BYTES_OF_WHOLE = 64 * 1024 * 1024
/** Largest body, in bytes. */
export const MAX_REMINDER_BYTES = 64 * 1024
/** Longest id, in UTF-16 units. A UUID has 36. */
const MAX_ID = 64
/** Most peers for which a process asks: as many as a call has. */
const MAX_PEERS = 64
/** Longest head line that a reminder gets, in bytes. */
const HEAD_BYTES = 256

/** What is asked of the process of a reminder. */
export type Addressee = Pick<Proc, 'name' | 'methods' | 'hasKeys' | 'policy'>

/**
 * Makes the reminder that a message to `sys/remind` asks for.
 * @param process The one that is to get it.
 * @throws {GliaError} ERR_NO_PROC; ERR_NO_METHOD; ERR_BAD_REQUEST; ERR_MESSAGE_TOO_LARGE
 */
export function checkReminder(
  pid: string,
  process: Addressee | undefined,
  head: Readonly<Record<string, unknown>>,
  body: Uint8Array,
  onBehalfOf: readonly string[],
): Reminder {
  const { method } = head
  checkAddressee(pid, process, method, body)
  return {
    id: crypto.randomUUID(),
    pid,
    method,
    body,
    ...readTimes(head, Date.now()),
    ...(onBehalfOf.length > 0 && { onBehalfOf }),
  }
}

/**
 * Checks whether a process may get such a message later.
 * @throws {GliaError} ERR_NO_PROC; ERR_NO_METHOD; ERR_BAD_REQUEST; ERR_MESSAGE_TOO_LARGE
 */
export function checkAddressee(
  pid: string,
  process: Addressee | undefined,
  method: unknown,
  body: Uint8Array,
): asserts method is string {
  if (!process) throw new GliaError('ERR_NO_PROC', `This peer has no process ${processOf(pid)}.`)
  if (process.hasKeys !== (keyIn(pid) !== undefined)) throw bad(`pid: ${process.name} ${aboutKeys(process)}`)
  if (typeof method !== 'string' || method === '') throw bad('method: give the name of a method')
  if (!process.methods.includes(method)) {
    throw new GliaError('ERR_NO_METHOD', `${process.name} has no method “${method.slice(0, 100)}”.`)
  }
  if (body.length > MAX_REMINDER_BYTES) throw bad(`the body has more than ${MAX_REMINDER_BYTES} bytes`)
  const { maxMessageBytes } = process.policy
  if (body.length + HEAD_BYTES > maxMessageBytes) {
    const words = `The message would be larger than the ${maxMessageBytes} bytes that ${process.name} accepts.`
    throw new GliaError('ERR_MESSAGE_TOO_LARGE', words)
  }
}

function aboutKeys({ hasKeys }: Addressee): string {
  return hasKeys ? 'has an instance for each key: say which, as {pid}:{key}' : 'has no keys: leave the key out'
}

/** A reminder in a file. */
export type FiledReminder = Omit<Reminder, 'pid'>

/** Reminders as a file has them. */
export function filed(reminders: readonly Reminder[]): FiledReminder[] {
  return reminders.map(({ pid: _pid, ...reminder }) => reminder)
}

/**
 * Reads the reminders of one process, or of one instance, in a file. It may come from anywhere.
 * @throws {GliaError} ERR_BAD_REQUEST
 */
export function readReminders(value: unknown): FiledReminder[] {
  if (!Array.isArray(value) || value.length > MAX_OF_ONE) throw bad('the list of reminders is wrong')
  const read = value.map(readReminder)
  if (new Set(read.map(({ id }) => id)).size < read.length) throw bad('two reminders have the same id')
  return read
}

/** Whether a process may have all of these, with its instances. */
export function fitTogether(reminders: readonly FiledReminder[]): boolean {
  return reminders.reduce((bytes, reminder) => bytes + sizeOf(reminder), 0) <= MAX_BYTES_OF_WHOLE
}

function readReminder(value: unknown): FiledReminder {
  const { id, method, body, dueAt, again, plannedAt, onBehalfOf } = fields(value)
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID) throw bad('the id of a reminder is wrong')
  if (typeof method !== 'string' || !isMethodName(method)) throw bad('the method of a reminder is wrong')
  if (!isBytes(body) || body.length > MAX_REMINDER_BYTES) throw bad('the body of a reminder is wrong')
  if (!isDate(dueAt) || (plannedAt !== undefined && !isDate(plannedAt))) throw bad('the time of a reminder is wrong')
  if (onBehalfOf !== undefined && !isPeerList(onBehalfOf)) throw bad('a peer of a reminder is wrong')
  return {
    id,
    method,
    body: body.slice(),
    dueAt,
    ...(again !== undefined && { again: readAgain(again) }),
    ...(plannedAt !== undefined && { plannedAt }),
    ...(onBehalfOf && onBehalfOf.length > 0 && { onBehalfOf }),
  }
}

function isPeerList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_PEERS) return false
  return value.every((each) => typeof each === 'string' && isPeerId(each))
}
