import { gzipSync } from 'node:zlib'

/**
 * Largest size of what ships, in bytes after gzip. Of `first call` some 1700 bytes are what a process with keys needs of the
 * table, the store and addresses; the rest of it is loaded with the first such process. Of `actor.js` some 300 bytes are a memory that is new for each message,
 * and `fsync` as a barrier for what is in memory. Of `sw.js` some 500 bytes keep what other apps share with the installed
 * app, which also happens while no page is open.
 */
const BUDGETS = { 'first call': 101_000, mesh: 169_500, 'actor.js': 32_400, 'sw.js': 13_600 } as const

type Measured = keyof typeof BUDGETS

/** The code of each measured part, one string per file, since each file is compressed by itself. */
export type Shipped = Readonly<Record<Measured, readonly string[]>>

/** The part of Rollup's output bundle that is read. */
export type Bundle = Readonly<
  Record<
    string,
    { type: 'asset' } | { type: 'chunk'; isEntry: boolean; imports: readonly string[]; facadeModuleId: string | null }
  >
>

/** The entry of libp2p and of Glia's code around it. It is loaded beside the app, and no local call waits for it. */
const MESH = /\/src\/mesh\/index\.ts$/

/**
 * The scripts of the page by part: what a first visit loads before it answers a call, and what it loads beside that to
 * join the mesh. A script of the first part is not counted again in the second. All others (the DHT, the views of
 * `later-views.ts`, the QR code, libp2p's keys) load when the page is idle or when they are needed.
 */
export function scriptsByPart(bundle: Bundle): Record<'first call' | 'mesh', string[]> {
  const first = withImports(bundle, (chunk) => chunk.isEntry)
  const mesh = withImports(bundle, (chunk) => MESH.test(chunk.facadeModuleId ?? ''))
  return { 'first call': first, mesh: mesh.filter((name) => !first.includes(name)) }
}

function withImports(bundle: Bundle, isWanted: (chunk: Bundle[string] & { type: 'chunk' }) => boolean): string[] {
  const seen = new Set<string>()
  const visit = (name: string): void => {
    const file = bundle[name]
    if (file?.type !== 'chunk' || seen.has(name)) return
    seen.add(name)
    file.imports.forEach(visit)
  }
  for (const [name, file] of Object.entries(bundle)) if (file.type === 'chunk' && isWanted(file)) visit(name)
  return [...seen]
}

/**
 * A table of what ships, each part beside its budget.
 * @throws {Error} with the same table if a part is over its budget
 */
export function checkBudgets(shipped: Shipped): string {
  const over: string[] = []
  const rows = (Object.keys(BUDGETS) as Measured[]).map((part) => {
    const size = shipped[part].reduce((sum, code) => sum + gzipSync(code).length, 0)
    const budget = BUDGETS[part]
    if (size > budget) over.push(part)
    return `  ${part.padEnd(14)} ${kB(size).padStart(9)} of ${kB(budget).padStart(9)} gzip ${size > budget ? '  OVER BUDGET' : ''}`
  })
  const table = ['budgets:', ...rows.map((row) => row.trimEnd())].join('\n')
  if (over.length > 0) throw new Error(`over budget: ${over.join(', ')}\n${table}`)
  return table
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
