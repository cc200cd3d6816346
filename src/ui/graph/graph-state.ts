import { signal } from '@preact/signals'
import { TableState } from '../kit/virtual-table.tsx'
import type { TabModel } from '../model.ts'
import { type CalledProcess, CallWatch, type SeenCall } from './call-watch.ts'
import type { Graph, GraphNode } from './graph-data.ts'
import { Layout } from './layout.ts'
import { type Carried, LinkRates } from './link-rates.ts'
import type { Viewport } from './viewport.ts'
import { whileVisible } from './while-visible.ts'

/** How often calls are looked for, and how often bytes are counted, in ms. */
const CALLS_MS = 100
const BYTES_MS = 1000
/** How often numbers change for a screen reader, in ms. Names, states and edges change within a second. */
const NUMBERS_MS = 5000

/** What stays of the graph while another view is shown: nodes keep their places. */
export class GraphState {
  readonly layout = new Layout()
  /** What the person looks at; undefined: everything. */
  view: Viewport | undefined
  readonly isTable = signal(false)
  readonly table = new TableState('the graph')
  /** Id of the node that was chosen with the keyboard, by touch, or in the table. */
  readonly chosen = signal<string | undefined>(undefined)
  readonly carried = signal<ReadonlyMap<string, readonly Carried[]>>(new Map())
  readonly called = signal<readonly CalledProcess[]>([])
  /** The graph as a screen reader has it. */
  readonly told = signal<Graph | undefined>(undefined)
  #toldAt = -Infinity
  graph: Graph | undefined
  readonly #rates = new LinkRates()
  #watch: CallWatch | undefined
  #calls = 0

  /**
   * Follows the mesh while the page is visible.
   * @param seen Is told of new calls.
   * @returns a function that ends it.
   */
  follow(model: TabModel, seen: (calls: readonly SeenCall[]) => void): () => void {
    // Calls that came while the graph was not shown are not shown later.
    this.#look(model)
    const stops = [
      whileVisible(() => void this.#count(model), BYTES_MS),
      whileVisible(() => {
        const calls = this.#look(model)
        if (calls.length > 0) seen(calls)
      }, CALLS_MS),
    ]
    return () => stops.forEach((stop) => stop())
  }

  async #count(model: TabModel): Promise<void> {
    this.#tell()
    this.#showCalled()
    try {
      this.carried.value = this.#rates.update(await model.connections())
    } catch {
      // A connection ended while it was counted. Until the next count its bytes are unknown, and shown so.
      this.carried.value = new Map()
    }
  }

  #tell(): void {
    const now = performance.now()
    if (now < this.#toldAt + NUMBERS_MS && isAlike(this.told.peek(), this.graph)) return
    this.#toldAt = now
    this.told.value = this.graph
  }

  #look(model: TabModel): readonly SeenCall[] {
    const trace = model.traced.peek()?.trace
    if (!trace) return []
    this.#watch ??= new CallWatch(trace)
    const calls = this.#watch.look()
    // A process that was never called before is shown at once, and counts a little later.
    if (this.called.peek().length !== this.#watch.called.size) this.#showCalled()
    return calls
  }

  #showCalled(): void {
    if (!this.#watch || this.#watch.calls === this.#calls) return
    this.#calls = this.#watch.calls
    this.called.value = [...this.#watch.called.values()]
  }
}

/** Whether two graphs differ in numbers alone. */
function isAlike(one: Graph | undefined, other: Graph | undefined): boolean {
  if (!one || !other || one.own !== other.own) return one === other
  if (one.nodes.length !== other.nodes.length || one.edges.length !== other.edges.length) return false
  const isNode = ({ id, name, status }: GraphNode, i: number): boolean => {
    const node = other.nodes[i]
    return node?.id === id && node.name === name && node.status === status
  }
  return one.nodes.every(isNode) && one.edges.every(({ id }, i) => other.edges[i]?.id === id)
}
