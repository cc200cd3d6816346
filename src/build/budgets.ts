import { gzipSync } from 'node:zlib'

/** Largest size of what ships, in bytes after gzip. */
const BUDGETS = { 'first-load JS': 190_000, 'actor.js': 25_000, 'sw.js': 15_000 } as const

type Measured = keyof typeof BUDGETS

/** The code of each measured part, one string a file, since each is compressed by itself. */
export type Shipped = Readonly<Record<Measured, readonly string[]>>

/** What is read of Rollup's output bundle. */
type Bundle = Readonly<
  Record<
    string,
    | { type: 'asset' }
    | { type: 'chunk'; isEntry: boolean; imports: readonly string[]; dynamicImports: readonly string[] }
  >
>

/**
 * The scripts which every visit loads: the entry and what it imports, also what it imports dynamically, since it does so at
 * once (libp2p). What those import dynamically in turn loads when it is needed.
 */
export function firstLoad(bundle: Bundle): string[] {
  const seen = new Set<string>()
  const visit = (name: string): void => {
    const file = bundle[name]
    if (file?.type !== 'chunk' || seen.has(name)) return
    seen.add(name)
    file.imports.forEach(visit)
    if (file.isEntry) file.dynamicImports.forEach(visit)
  }
  for (const [name, file] of Object.entries(bundle)) if (file.type === 'chunk' && file.isEntry) visit(name)
  return [...seen]
}

/**
 * A table of what ships against its budget.
 *
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
