import { GliaError } from '../glia/errors.ts'
import type { BundledActor } from '../ui/model.ts'

const FOLDER = 'actors/'

/** The bundled actors. The C ones are missing from builds without the optional compiler. */
export async function listBundled(): Promise<BundledActor[]> {
  const list: unknown = await (await load(bundledUrl('index.json'))).json()
  return Array.isArray(list) ? list.filter(isBundled) : []
}

/** @throws {GliaError} ERR_BAD_MODULE if the host of the app does not serve the module. */
export function loadBundled(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return loadModule(bundledUrl(file))
}

/** URL of a file beside the bundled actors of the app. */
export function bundledUrl(file: string): string {
  return new URL(FOLDER + file, document.baseURI).href
}

/** A module that comes with Glia. @throws {GliaError} ERR_BAD_MODULE if its host does not give it. */
export async function loadModule(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await load(url)).arrayBuffer())
}

async function load(url: string): Promise<Response> {
  const file = url.slice(url.lastIndexOf('/') + 1)
  const response = await fetch(url).catch((cause: unknown) => {
    throw new GliaError('ERR_BAD_MODULE', `${file}, which comes with Glia, could not be loaded. Are you offline?`, {
      cause,
    })
  })
  if (!response.ok) throw new GliaError('ERR_BAD_MODULE', `${file}, which comes with Glia, is missing on its host.`)
  return response
}

function isBundled(value: unknown): value is BundledActor {
  if (typeof value !== 'object' || value === null) return false
  const { name, description, file }: Partial<Record<string, unknown>> = { ...value }
  return typeof name === 'string' && typeof description === 'string' && typeof file === 'string'
}
