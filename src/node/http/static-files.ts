import { realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import type { MiddlewareHandler } from 'hono'
import { headersFor } from '../../headers.ts'
import { FileCopies } from './file-copies.ts'

export interface StaticOptions {
  /** Path before the names of the files. Left out: none. */
  under?: string
  /** Largest file that is compressed, in bytes. */
  maxCompressed?: number | undefined
}

/**
 * Serves the files of the app: what is below its folder, not hidden, and no link that leads out of it. What compresses well is
 * sent compressed to who takes that, and nothing is sent to who has it already.
 */
export function staticFiles(dist: string, { under = '', maxCompressed }: StaticOptions = {}): MiddlewareHandler {
  const root = resolve(dist)
  const copies = new FileCopies(maxCompressed)
  const pathOf = (path: string): string => path.slice(under.length)
  return async (c, next) => {
    if (!(await isOfApp(root, pathOf(c.req.path)))) return next()
    // Of a Range that is not one part of the bytes, nothing is meant (RFC 9110, 14.2): the whole file is sent.
    if (!isOneRange(c.req.header('range') ?? '')) c.req.raw.headers.delete('range')
    let file: string | undefined
    const serve = serveStatic({ root, rewriteRequestPath: pathOf, onFound: (path) => void (file = path) })
    const reply = await serve(c, next)
    if (!reply || file === undefined) return reply
    for (const [name, value] of Object.entries(headersFor(relative(root, file).split(sep).join('/')))) {
      reply.headers.set(name, value)
    }
    return copies.best(file, reply, c.req.raw.headers)
  }
}

function isOneRange(range: string): boolean {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range.trim()) ?? []
  return first === '' || last === '' ? first !== last : BigInt(first) <= BigInt(last)
}

async function isOfApp(root: string, requested: string): Promise<boolean> {
  const names = decode(requested).split(/[/\\]/)
  // What certificate authorities and others look for is public by its nature.
  if (names.some((name) => name.startsWith('.') && name !== '.well-known')) return false
  const path = join(root, ...names)
  const [folder, file, index] = await Promise.all([root, path, join(path, 'index.html')].map(real))
  const isWithin = (place: string): boolean => place === folder || place.startsWith(`${folder}${sep}`)
  return file !== undefined && isWithin(file) && (index === undefined || isWithin(index))
}

/** The real path behind links; undefined if there is none. */
async function real(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined)
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
