/** A message that a process gets later, once or again and again. */
export interface Reminder {
  readonly id: string
  /** The process that gets it, and that it comes from. */
  readonly pid: string
  readonly method: string
  /** What follows the head line of the message. */
  readonly body: Uint8Array
  /** When it is due next, in ms since the epoch. */
  readonly dueAt: number
  /** When it is due after that; left out: never. */
  readonly again?: Again
  /** When {@link dueAt} was found, in ms since the epoch. Left out: it is a time that somebody gave, or not known. */
  readonly plannedAt?: number
  /** Peers for which a process asked for it. Its message has their rights, as the request had. Left out: none. */
  readonly onBehalfOf?: readonly string[]
}

export type Again = { readonly everyMs: number } | { readonly cron: string; readonly timeZone: string }

/** Keeps reminders over a restart. Failures are ERR_STORAGE. */
export interface ReminderStore {
  /** Those of the processes of an identity. */
  reminders(slot: number): Promise<Reminder[]>
  /** Nothing if the process is not in the store. */
  putReminder(reminder: Reminder): Promise<void>
  deleteReminder(reminder: Reminder): Promise<void>
}

/** What a table tells those who deliver reminders. */
export interface Reminded {
  /** The instance of a key was killed. Its next reminder would bring it back. @throws {GliaError} ERR_STORAGE */
  keyKilled(pid: string): Promise<void>
  /** The kill of a process was undone, or one that was dead is to live. The store may have forgotten its reminders. Never rejects. */
  cameBack(pid: string): Promise<void>
}
