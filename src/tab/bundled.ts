import { GliaError } from '../glia/errors.ts'
import type { GivenPolicy } from '../glia/process/policy.ts'

/** An actor that comes with the app (`public/actors/index.json`, written by the build). */
export interface BundledActor {
  name: string
  description: string
  file: string
  /** What it needs to do its work: the table checks it. */
  policy?: GivenPolicy
}

const FOLDER = 'actors/'

/** The bundled actors. The C ones are missing from builds without the optional compiler. */
export async function listBundled(): Promise<BundledActor[]> {
  const list: unknown = await (await load('index.json')).json()
  return Array.isArray(list) ? list.filter(isBundled) : []
}

/** @throws {GliaError} ERR_BAD_MODULE if the app's host does not give it. */
export async function loadBundled(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await load(file)).arrayBuffer())
}

async function load(file: string): Promise<Response> {
  const response = await fetch(new URL(FOLDER + file, document.baseURI)).catch((cause: unknown) => {
    throw new GliaError('ERR_BAD_MODULE', `${file}, which comes with the app, could not be loaded. Are you offline?`, {
      cause,
    })
  })
  if (!response.ok) throw new GliaError('ERR_BAD_MODULE', `${file}, which comes with the app, is missing on its host.`)
  return response
}

function isBundled(value: unknown): value is BundledActor {
  if (typeof value !== 'object' || value === null) return false
  const { name, description, file }: Partial<Record<string, unknown>> = { ...value }
  return typeof name === 'string' && typeof description === 'string' && typeof file === 'string'
}
