import type { Outcome } from '../tab.ts'

export interface Attempt {
  /** The PID, or why there is no process. */
  spawned: Outcome
  /** What came of a message to each of its methods: 'replied' or the code. */
  calls: { method: string; result: string }[]
  /** What came of the kill; undefined if there was nothing to kill. */
  killed: string | undefined
}

/** Makes a process of a module, sends each of its methods a message, kills it. Sent to the page by itself. */
export async function attempt({ bytes, message }: { bytes: Uint8Array; message: string }): Promise<Attempt> {
  const spawned = await tools.outcome(
    glia.spawn(bytes, {
      name: 'mutant',
      // The second trap is its last, so that no time goes into waits before restarts.
      restart: { intensity: 1 },
      policy: {
        call: true,
        deadlineMs: 200,
        maxMemoryBytes: 64 * 2 ** 20,
        maxReplyBytes: 2 ** 20,
        maxDataBytes: 2 ** 20,
      },
    }),
  )
  const pid = spawned.text
  if (pid === undefined) return { spawned, calls: [], killed: undefined }
  const calls = []
  for (const method of glia.procs().find((proc) => proc.pid === pid)?.methods ?? []) {
    const address = `/ww/0.1.0/self/${pid}/${method}`
    const { code = 'replied' } = await tools.outcome(glia.call(address, message))
    calls.push({ method, result: code })
  }
  const { code: killed = 'killed' } = await tools.outcome(glia.kill(pid).then(() => ''))
  const isListed = glia.procs().some((proc) => proc.pid === pid)
  return { spawned, calls, killed: isListed ? 'it is still listed' : killed }
}
