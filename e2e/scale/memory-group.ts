import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the two versions of cgroups have their groups, and the files of a limit of memory. */
const VERSIONS = [
  { folder: '/sys/fs/cgroup/memory', limits: ['memory.limit_in_bytes'], peak: 'memory.max_usage_in_bytes' },
  { folder: '/sys/fs/cgroup', limits: ['memory.max'], peak: 'memory.peak' },
]

/** Processes of Linux that together get so much memory, and no more. The kernel ends one of them that wants more. */
export class MemoryGroup {
  readonly #folder: string
  readonly #peak: string

  private constructor(folder: string, peak: string) {
    this.#folder = folder
    this.#peak = peak
  }

  /** @returns undefined if this system has no cgroups, or whoever runs this may not make one. */
  static make(bytes: number): MemoryGroup | undefined {
    for (const { folder, limits, peak } of VERSIONS) {
      const own = join(folder, `glia-${process.pid}`)
      try {
        if (!existsSync(join(folder, 'cgroup.procs'))) continue
        mkdirSync(own)
        for (const limit of limits) writeFileSync(join(own, limit), String(bytes))
        return new MemoryGroup(own, peak)
      } catch {
        if (existsSync(own)) rmdirSync(own)
      }
    }
    return undefined
  }

  /** A command that joins the group, and runs the command behind it in its own place. */
  get wrapper(): string[] {
    return ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.#folder, 'cgroup.procs')]
  }

  /** The most that the group had, with the files that the kernel keeps for it and can give up, in bytes. */
  get peakBytes(): number {
    return Number(readFileSync(join(this.#folder, this.#peak), 'utf8'))
  }

  /** None of its processes may be left. */
  remove(): void {
    rmdirSync(this.#folder)
  }
}

/** The memory of a process, in bytes: now, and at its largest. Shared libraries count. */
export function memoryOf(pid: number | undefined): { bytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  return { bytes: of('VmRSS'), peakBytes: of('VmHWM') }
}
