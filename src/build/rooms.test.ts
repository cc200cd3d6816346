import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Which rooms of its folder a room may import, and which single files of others: what two rooms say to each other, such as a type or a
 * message. Files beside the rooms are the folder's entries and its smallest concepts, and are free. The linter has the arrows between folders.
 */
const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'src/glia': {
    stream: [],
    wait: [],
    figures: [],
    process: ['figures/meter.ts', 'stream', 'wait'],
    door: ['process', 'stream', 'wait'],
    http: ['stream'],
    session: ['stream', 'wait'],
    trace: ['process', 'stream'],
  },
  'src/actors': {
    module: ['worker/worker-api.ts', 'worker/new-worker.ts'],
    files: ['module', 'worker/worker-api.ts'],
    carrier: ['worker/control.ts'],
    outgoing: ['carrier'],
    snapshot: ['files/files-api.ts', 'module'],
    worker: ['carrier', 'files', 'module', 'outgoing', 'snapshot'],
    table: ['files', 'module', 'outgoing', 'snapshot', 'worker'],
    sys: ['table'],
    archive: ['files', 'module', 'snapshot', 'sys/check-reminder.ts', 'table'],
    recording: ['module', 'snapshot', 'table/process-entry.ts', 'worker'],
  },
  'src/mesh': {
    patches: [],
    dialects: ['dial/addresses.ts', 'dial/failure-words.ts', 'patches'],
    dial: ['dialects', 'libp2p/close-gently.ts', 'patches'],
    presence: ['dial', 'dialects', 'patches'],
    relays: ['dial', 'patches', 'presence'],
    watch: ['dial', 'dialects', 'patches'],
    trace: ['dial', 'dialects'],
    module: ['dial', 'dialects', 'patches'],
    libp2p: ['dial', 'dialects', 'patches', 'presence'],
  },
  'src/ui': {
    kit: [],
    processes: ['kit'],
    console: ['kit', 'processes'],
    charts: ['kit'],
    process: ['calls', 'charts', 'console', 'kit', 'peers', 'processes'],
    spawn: ['kit', 'processes'],
    peers: ['console', 'kit', 'processes', 'spawn'],
    settings: ['kit', 'peers', 'processes', 'tour'],
    installed: ['kit'],
    link: ['console', 'kit', 'peers', 'processes', 'spawn'],
    playground: ['console', 'kit', 'process'],
    tour: ['kit'],
    calls: ['kit'],
    graph: ['kit'],
  },
  'src/node': {
    patches: ['relay/relay.ts'],
    data: [],
    root: [],
    host: ['data/owner-token.ts', 'root'],
    metrics: ['http/gateway.ts', 'relay/relay.ts'],
    inbound: ['metrics', 'patches'],
    http: ['inbound', 'metrics'],
    relay: ['data', 'host', 'inbound', 'http', 'metrics', 'patches', 'root'],
  },
  'workers/actor': {
    files: ['wasi/descriptor.ts', 'wasi/later.ts', 'wasi/rights.ts', 'wasi/wasi-error.ts'],
    carrier: [],
    wasi: ['carrier', 'files'],
    outgoing: ['carrier', 'files', 'wasi'],
    snapshot: ['files', 'wasi'],
    run: ['carrier', 'files', 'snapshot', 'wasi'],
    recording: ['carrier', 'run', 'wasi'],
  },
}

interface Import {
  from: string
  /** Room of the file that imports. */
  room: string
  /** Path of what is imported, below the folder. What is outside begins with `../`. */
  path: string
}

/** What the rooms of a folder import from outside of themselves. Tests may import what they like. */
function importsOfRooms(folder: string): Import[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  const sources = files.map((file) => file.replaceAll('\\', '/')).filter((file) => /\.tsx?$/.test(file))
  return sources
    .filter((file) => !/(^|\/)test-|\.(test|acceptance)\./.test(file))
    .flatMap((from) => {
      const text = readFileSync(join(ROOT, folder, from), 'utf8')
      const found = [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)]
      return found.flatMap(([, to = '']) => {
        const path = relative('.', join(dirname(from), to)).replaceAll('\\', '/')
        const [room, other] = [from, path].map((file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : ''))
        if (!room || !other || room === other) return []
        return [{ from, room, path }]
      })
    })
}

function importsBetweenRooms(folder: string): Import[] {
  return importsOfRooms(folder).filter(({ path }) => !path.startsWith('../'))
}

/** What the README of a room says that it may import: outside of its folder, and of the rooms beside it. */
function statedImports(folder: string, room: string): { outside: string[]; beside: string[] } {
  const text = readFileSync(join(ROOT, folder, room, 'README.md'), 'utf8')
  const stated = /\*\*May import\*\* (?:([^;\n]*); )?of the rooms beside it: (.*?)\.(?=\s|$)/.exec(text)
  if (!stated) throw new Error(`The README of ${folder}/${room} does not say what the room may import.`)
  const namesIn = (list = 'none'): string[] => (list === 'none' ? [] : list.replaceAll('`', '').split(', '))
  return { outside: namesIn(stated[1]), beside: namesIn(stated[2]) }
}

test.each(Object.entries(ROOMS))('the rooms of %s import only what the table allows', (folder, rooms) => {
  const isAllowed = ({ room, path }: Import): boolean =>
    rooms[room]?.some((allowed) => path === allowed || path.startsWith(`${allowed}/`)) ?? false
  const wrong = importsBetweenRooms(folder).filter((found) => !isAllowed(found))
  expect(wrong.map(({ from, path }) => `${from} imports ${path}`)).toEqual([])
})

test.each(Object.entries(ROOMS))('the table for %s has its rooms and no arrow that nothing needs', (folder, rooms) => {
  const folders = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(Object.keys(rooms).sort()).toEqual(folders.map(({ name }) => name).sort())
  const found = importsBetweenRooms(folder)
  const unused = Object.entries(rooms).flatMap(([room, allowed]) =>
    allowed
      .filter((arrow) => !found.some((each) => each.room === room && `${each.path}/`.startsWith(`${arrow}/`)))
      .map((arrow) => `${room} → ${arrow}`),
  )
  expect(unused).toEqual([])
})

test.each(Object.entries(ROOMS))('no two rooms of %s import each other, however far around', (_, rooms) => {
  const reaches = (room: string, seen: ReadonlySet<string> = new Set()): ReadonlySet<string> =>
    (rooms[room] ?? [])
      .filter((next) => !next.includes('/'))
      .reduce((all, next) => (all.has(next) ? all : reaches(next, new Set([...all, next]))), seen)
  expect(Object.keys(rooms).filter((room) => reaches(room).has(room))).toEqual([])
})

const everyRoom = Object.entries(ROOMS).flatMap(([folder, rooms]) =>
  Object.entries(rooms).map(([room, allowed]) => ({ folder, room, allowed })),
)

test.each(everyRoom)('the README of $folder/$room says what the room may import', ({ folder, room, allowed }) => {
  const { outside, beside } = statedImports(folder, room)
  expect(beside.toSorted()).toEqual(allowed.toSorted())
  const isWithin = (path: string, stated: string): boolean => path === stated || path.startsWith(`${stated}/`)
  const found = importsOfRooms(folder)
    .filter((each) => each.room === room && each.path.startsWith('../'))
    .map(({ path }) => join(folder, path).replaceAll('\\', '/'))
  expect(found.filter((path) => !outside.some((stated) => isWithin(path, stated)))).toEqual([])
  expect(outside.filter((stated) => !found.some((path) => isWithin(path, stated)))).toEqual([])
})
