import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { isPid, newPid, type Pid } from '../../glia/pid.ts'
import { newIdentity, type PortableIdentity } from '../../mesh/libp2p/identity.ts'
import { fileTrouble } from '../file-trouble.ts'
import { newToken, TOKEN_FILE } from './owner-token.ts'
import { makeFolder } from './make-folder.ts'
import { UsageError } from '../option-values.ts'

/** What the server keeps across restarts, so that others find this peer again. */
export interface KeptData {
  readonly identity: PortableIdentity
  readonly rootPid: Pid
  /** Whoever has it may manage the processes here. */
  readonly ownerToken: string
}

const KEY_FILE = 'peer.key'
const ROOT_FILE = 'root.pid'
const MIN_TOKEN = 16
/** Whoever has the key is this peer, so the file is for its owner only. */
const OWNER_ONLY = 0o600

/**
 * Reads the data folder, and makes what is missing.
 * @throws {UsageError} if the folder or a file in it cannot be used
 */
export async function openDataDir(dir: string): Promise<KeptData> {
  try {
    await makeFolder(dir)
    const identity = await loadIdentity(join(dir, KEY_FILE))
    const rootPid = await loadRootPid(join(dir, ROOT_FILE))
    return { identity, rootPid, ownerToken: await loadToken(join(dir, TOKEN_FILE)) }
  } catch (err) {
    if (err instanceof UsageError) throw err
    throw new UsageError(`The data folder ${resolve(dir)} cannot be used: ${fileTrouble(err)}.`, { cause: err })
  }
}

/**
 * Writes the PID of the root process. A host has it in its store too, and others know it from there.
 * @throws {UsageError} if the file cannot be written
 */
export async function keepRootPid(dir: string, pid: Pid): Promise<void> {
  const path = join(dir, ROOT_FILE)
  try {
    await writeWhole(path, `${pid}\n`)
  } catch (err) {
    throw new UsageError(`${path} cannot be written: ${fileTrouble(err)}.`, { cause: err })
  }
}

async function loadIdentity(path: string): Promise<PortableIdentity> {
  const kept = await readIfThere(path)
  if (!kept) {
    const identity = await newIdentity()
    await writeWhole(path, identity.privateKey)
    return identity
  }
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, OWNER_ONLY)
  try {
    const privateKey = new Uint8Array(kept)
    return { peerId: peerIdFromPrivateKey(privateKeyFromProtobuf(privateKey)).toString(), privateKey }
  } catch (cause) {
    throw new UsageError(`${path} is not the key of a peer: move it away to start with a new one.`, { cause })
  }
}

async function loadRootPid(path: string): Promise<Pid> {
  const kept = (await readIfThere(path))?.toString('utf8').trim()
  if (kept === undefined) {
    const pid = newPid()
    await writeWhole(path, `${pid}\n`)
    return pid
  }
  if (isPid(kept)) return kept
  throw new UsageError(
    `${path} is not a PID: move it away. A host takes the PID that its actors folder has, any other server a new one.`,
  )
}

async function loadToken(path: string): Promise<string> {
  const kept = (await readIfThere(path))?.toString('utf8').trim()
  if (kept === undefined) {
    const token = newToken()
    await writeWhole(path, `${token}\n`)
    return token
  }
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, OWNER_ONLY)
  if (kept.length >= MIN_TOKEN) return kept
  throw new UsageError(`${path} is no token of at least ${MIN_TOKEN} characters: move it away to get a new one.`)
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw err
  }
}

/** Written under another name first: a process that ends in the middle leaves no half file. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.${process.pid}`
  try {
    await writeFile(draft, content, { mode: OWNER_ONLY })
    await rename(draft, path)
  } catch (err) {
    // Otherwise each start on a full disk would leave one behind.
    await rm(draft, { force: true })
    throw err
  }
}
