import { GliaError } from '../../glia/errors.ts'
import type { FileInfo } from '../files/file-index.ts'
import type { GivenFiles } from '../files/given-files.ts'
import { partGivenFiles } from '../files/parted-files.ts'
import type { ProcessRegistry } from './process-registry.ts'

/** The files of processes, and of instances of keys, under `/data`. */
export class DataFiles {
  readonly #registry: ProcessRegistry

  constructor(registry: ProcessRegistry) {
    this.#registry = registry
  }

  /** @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async list(pid: string): Promise<{ entries: FileInfo[]; totalBytes: number }> {
    const { infos, bytes } = await this.#registry.with(pid, ({ files }) => files.load())
    return { entries: infos, totalBytes: bytes }
  }

  /** All of them as a tar archive. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async export(pid: string): Promise<Blob> {
    const entries = await this.#registry.with(pid, ({ files }) => files.entries())
    const { tarOf } = await import('../files/tar.ts')
    return tarOf(entries, Date.now())
  }

  /**
   * Puts files there, all or none, after the message that runs and before those that wait. They replace files with the
   * same paths. The instance goes on. Resolves when they are stored, or when the log says that they are not.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if they are no files, do not fit, or something is in their way;
   * ERR_PROC_STOPPED; the reason of the signal.
   */
  async import(pid: string, given: GivenFiles, signal?: AbortSignal): Promise<void> {
    const { files: underData, mounts } = partGivenFiles(given)
    const [elsewhere] = mounts.keys()
    if (elsewhere !== undefined) {
      throw new GliaError(
        'ERR_BAD_REQUEST',
        `${elsewhere} is not a file under /data, so nothing was changed. Files at other paths are given when the process is made (spawn, files); under /tmp and /ww there can be none.`,
      )
    }
    await this.#registry.with(pid, async ({ proc, files, record }) => {
      const { readGivenFiles } = await import('../files/given-files.ts')
      const entries = await readGivenFiles(underData === undefined ? {} : underData, record.policy.maxDataBytes, signal)
      await proc.pause(() => files.put(entries), signal)
    })
  }

  /** @throws {GliaError} ERR_NO_PROC, ERR_STORAGE; ERR_BAD_REQUEST if there is no such file. */
  async read(pid: string, path: string): Promise<Blob> {
    const entries = await this.#registry.with(pid, ({ files }) => files.entries())
    const found = entries.find((entry) => entry.path === path)
    if (found?.kind !== 'file') throw new GliaError('ERR_BAD_REQUEST', `There is no file /data/${path}.`)
    return new Blob([found.bytes])
  }

  /**
   * Removes a file, or a folder with everything in it, after the message that runs and before those that wait. The
   * instance goes on.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if there is nothing; ERR_PROC_STOPPED; the reason of the signal.
   */
  async remove(pid: string, path: string, signal?: AbortSignal): Promise<void> {
    await this.#registry.with(pid, ({ proc, files }) => proc.pause(() => files.remove(path), signal))
  }
}
