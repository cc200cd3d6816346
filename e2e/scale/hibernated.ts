import { startActorHost } from '../actor-host.ts'
import { keepers, METHOD, POLICY } from '../kills/actors.ts'
import { inParallel } from './in-parallel.ts'
import { memoryOf, MemoryGroup } from './memory-group.ts'

export interface HibernatedInit {
  processes: number
  /** Memory of the host, in bytes. */
  limitBytes: number
  tell(line: string): void
}

export interface HibernatedReport {
  languages: string[]
  /** Whether the system held the host to the limit. Otherwise its memory was only measured. */
  isLimited: boolean
  /** Largest memory of the host, with the files that the system keeps for it; undefined without a limit. */
  groupPeakBytes: number | undefined
  /** Largest memory of the host's process: of the one that made the processes, and of the one that came after it. */
  peakBytes: [first: number, second: number]
  /** Memory of the second one before anything was called. */
  restartedBytes: number
  /** Time of the start with all processes, after the `kill -9`, in ms. */
  restartMs: number
  /** Time in which all of them answered, and in which the whole list came, in ms. */
  answeredMs: number
  listedMs: number
  /** Processes that were not there, or answered with anything but their own count. */
  wrong: string[]
}

const WIDTH = 4

/** More stateful processes than have room in the memory of a host, which is then killed. Each has to answer with its count. */
export async function manyProcesses({ processes, limitBytes, tell }: HibernatedInit): Promise<HibernatedReport> {
  // Before the host: a compiler holds this thread up, and meanwhile the host closes the connection.
  const modules = [...(await keepers())]
  const group = MemoryGroup.make(limitBytes)
  const host = await startActorHost([], group?.wrapper)
  try {
    const wrong: string[] = []
    const made = Array.from({ length: processes }, (_, i) => ({ name: `p${i}`, pid: '', notes: [] as string[] }))
    const count = async (process: (typeof made)[number]): Promise<void> => {
      const { name, pid, notes } = process
      // Each note only once: the guest in Go has them in a map too.
      const note = `${name}.${notes.length}`
      notes.push(note)
      const reply = await host.send(`${pid}/${METHOD}`, note).catch(String)
      const want = `${notes.length} ${notes.toReversed().join(' ')} | ${notes.join('')}`
      if (reply !== want) wrong.push(`${name}: ${reply}, and not ${want}`)
    }
    await inParallel(made, WIDTH, async (process, i) => {
      const [language, module] = modules[i % modules.length] ?? ['', new Uint8Array()]
      process.pid = await host.spawn(module, { name: `${process.name} ${language}`, policy: POLICY })
      for (let times = 0; times <= i % 3; times++) {
        // oxlint-disable-next-line no-await-in-loop -- one message after the other
        await count(process)
      }
    })
    tell(`${processes} processes were made`)
    const first = memoryOf(host.pid()).peakBytes
    await host.kill()
    const killedAt = performance.now()
    await host.restart()
    const restartMs = performance.now() - killedAt
    const restartedBytes = memoryOf(host.pid()).bytes
    tell('the host is back after a kill -9')
    const askedAt = performance.now()
    const { processes: listed } = await host.order('list', {})
    const listedMs = performance.now() - askedAt
    const there = new Set((listed as { pid: string }[]).map(({ pid }) => pid))
    for (const { name, pid } of made) if (!there.has(pid)) wrong.push(`${name} is gone`)
    const calledAt = performance.now()
    await inParallel(made, WIDTH, count)
    const answeredMs = performance.now() - calledAt
    tell('all of them have answered')
    return {
      languages: modules.map(([language]) => language),
      isLimited: group !== undefined,
      groupPeakBytes: group?.peakBytes,
      peakBytes: [first, memoryOf(host.pid()).peakBytes],
      restartedBytes,
      restartMs,
      answeredMs,
      listedMs,
      wrong,
    }
  } finally {
    await host.stop()
    group?.remove()
  }
}
