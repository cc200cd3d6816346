import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force'
import type { EdgeKind, Graph, NodeKind } from './graph-data.ts'
import type { Point } from './viewport.ts'

/** Half of the size of a node, in px at a scale of 1. */
export const RADIUS: Readonly<Record<NodeKind, number>> = { self: 15, relay: 12, peer: 11, process: 9, remote: 7 }

/** How long edges want to be, in px at a scale of 1, and how much they insist. */
const LENGTH: Readonly<Record<EdgeKind, number>> = { connection: 130, home: 64, watch: 90, link: 90 }
const STRENGTH: Readonly<Record<EdgeKind, number>> = { connection: 0.5, home: 0.5, watch: 0.02, link: 0.02 }

/** How hot the layout gets when nodes come: they find their places, and the others hardly move. */
const NEWCOMER_HEAT = 0.12
/** How hot it gets when the person asks for another arrangement, and while a node is dragged. */
const ARRANGE_HEAT = 0.7
const DRAG_HEAT = 0.15
const COLD = 0.006
/** Two newcomers of one node never stand at the same place: the golden angle. */
const TURN = Math.PI * (3 - Math.sqrt(5))

/** A node at its place. */
export interface Place extends SimulationNodeDatum, Point {
  readonly id: string
  readonly kind: NodeKind
  x: number
  y: number
}

interface Spring extends SimulationLinkDatum<Place> {
  readonly kind: EdgeKind
}

/** The places of the nodes. They attract and repel each other until they have settled; then nothing is computed. */
export class Layout {
  readonly #places = new Map<string, Place>()
  readonly #springs = forceLink<Place, Spring>()
    .distance(({ kind }) => LENGTH[kind])
    .strength(({ kind }) => STRENGTH[kind])
    .iterations(2)
  readonly #simulation = forceSimulation<Place>()
    .stop()
    .alpha(0)
    .alphaDecay(0.035)
    .velocityDecay(0.5)
    .force('springs', this.#springs)
    .force('charge', forceManyBody<Place>().strength(-220).distanceMax(500))
    .force(
      'room',
      forceCollide<Place>(({ kind }) => RADIUS[kind] + 8),
    )
    // Screens are wider than they are high.
    .force('x', forceX<Place>().strength(0.035))
    .force('y', forceY<Place>().strength(0.075))
  #placed = 0
  #shape = ''

  get places(): ReadonlyMap<string, Place> {
    return this.#places
  }

  /** Whether the nodes have found their places. */
  get isSettled(): boolean {
    return this.#simulation.alpha() < COLD
  }

  /** Takes the nodes of a graph. New ones stand beside their neighbours, and others stay where they are. */
  update({ nodes, edges }: Graph): void {
    const shape = [...nodes, ...edges].map(({ id }) => id).join(' ')
    if (shape === this.#shape) return
    this.#shape = shape
    const isFirst = this.#places.size === 0
    const ids = new Set(nodes.map(({ id }) => id))
    for (const id of this.#places.keys()) if (!ids.has(id)) this.#places.delete(id)
    const news = nodes.filter(({ id }) => !this.#places.has(id))
    const neighbours = new Map(edges.map(({ from, to }) => [to, from]))
    for (const { id, kind, home } of news) {
      const beside = this.#places.get(home ?? neighbours.get(id) ?? '')
      const place: Place = { id, kind, ...this.#besides(beside) }
      // All else stands around this tab.
      if (kind === 'self') Object.assign(place, { x: 0, y: 0, fx: 0, fy: 0 })
      this.#places.set(id, place)
    }
    this.#simulation.nodes([...this.#places.values()])
    this.#springs.links(
      edges.flatMap(({ from, to, kind }) => {
        const [source, target] = [this.#places.get(from), this.#places.get(to)]
        return source && target ? [{ source, target, kind }] : []
      }),
    )
    if (news.length > 0) this.#heat(isFirst ? 1 : NEWCOMER_HEAT)
  }

  /** One step. Does nothing once all have settled. */
  tick(): void {
    if (!this.isSettled) this.#simulation.tick()
  }

  /**
   * Puts a node at a place, where it stays until the next {@link arrange}.
   * @param warms Whether the others make room.
   */
  drag(id: string, { x, y }: Point, warms: boolean): void {
    const place = this.#places.get(id)
    if (!place) return
    Object.assign(place, { x, y, fx: x, fy: y })
    if (warms) this.#heat(DRAG_HEAT)
  }

  /** Looks for better places. Nodes that were dragged are free again. */
  arrange(): void {
    for (const place of this.#places.values()) {
      if (place.kind === 'self') Object.assign(place, { x: 0, y: 0, fx: 0, fy: 0 })
      else Object.assign(place, { fx: null, fy: null })
    }
    this.#heat(ARRANGE_HEAT)
  }

  #heat(least: number): void {
    this.#simulation.alpha(Math.max(this.#simulation.alpha(), least))
  }

  #besides(place: Point | undefined): Point {
    const angle = TURN * this.#placed++
    const far = place ? LENGTH.home : LENGTH.connection * 1.5
    return { x: (place?.x ?? 0) + far * Math.cos(angle), y: (place?.y ?? 0) + far * Math.sin(angle) }
  }
}
