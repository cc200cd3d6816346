import { lookOf, Painter, type Scene } from './draw.ts'
import { type GestureTarget, listenToGestures } from './gestures.ts'
import type { Graph, GraphEdge } from './graph-data.ts'
import { edgeAt, nodeAt, nodeTowards } from './hit-test.ts'
import type { Layout } from './layout.ts'
import { type Palette, paletteOf } from './palette.ts'
import { Pulses } from './pulses.ts'
import { Stage } from './stage.ts'
import { fitted, type Point, type Size, toCanvas, toGraph, type Viewport, withInSight, zoomed } from './viewport.ts'

/** How near the pointer has to be, in px. */
const NODE_REACH = { mouse: 16, touch: 28 }
const EDGE_REACH = 6
/** More pixels a screen has, and nobody sees them. */
const MAX_DENSITY = 2

export interface GraphCanvasInit {
  canvas: HTMLCanvasElement
  context: CanvasRenderingContext2D
  layout: Layout
  /** What the person looked at before; undefined: everything. */
  view: Viewport | undefined
  /** The person looks at another part. */
  onView(view: Viewport | undefined): void
  /** The pointer is over a node or an edge, or over nothing. */
  onHover(node: string | undefined, edge: GraphEdge | undefined, at: Point): void
  /** A node was pressed. */
  onPress(node: string | undefined, isTouch: boolean): void
  /** All was drawn. */
  onDrawn(): void
}

/** The graph on a canvas: draws it, and lets the person move in it. */
export class GraphCanvas implements GestureTarget {
  readonly pulses = new Pulses()
  readonly #init: GraphCanvasInit
  readonly #painter: Painter
  readonly #stage: Stage
  readonly #stops: (() => void)[]
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)')
  #graph: Graph = { nodes: [], edges: [], own: [] }
  #look: string | undefined
  #palette: Palette | undefined
  #size: Size = { width: 0, height: 0 }
  #view: Viewport | undefined
  #chosen: string | undefined
  #edge: string | undefined

  constructor(init: GraphCanvasInit) {
    const { canvas, context, layout } = init
    this.#init = init
    this.#view = init.view
    this.#painter = new Painter(context)
    this.#stage = new Stage({
      layout,
      pulses: this.pulses,
      draw: (now, isSame) => this.#draw(now, isSame),
      requestFrame: (run) => requestAnimationFrame(run),
      cancelFrame: (id) => cancelAnimationFrame(id),
      clock: () => performance.now(),
    })
    const observer = new ResizeObserver(() => this.#measure())
    observer.observe(canvas)
    this.#measure()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const recolor = (): void => this.recolor()
    dark.addEventListener('change', recolor)
    this.#stops = [
      () => observer.disconnect(),
      () => dark.removeEventListener('change', recolor),
      listenToGestures(canvas, this),
    ]
  }

  /** Shows a graph, and how a node or an edge of it is chosen. */
  show(graph: Graph, chosen: string | undefined, edge: string | undefined): void {
    const isOther = graph !== this.#graph
    const look = isOther ? lookOf(graph) : this.#look
    const isSame = look === this.#look && chosen === this.#chosen && edge === this.#edge
    this.#graph = graph
    this.#look = look
    this.#chosen = chosen
    this.#edge = edge
    if (isSame) return
    if (isOther) this.#init.layout.update(graph)
    this.#stage.changed()
  }

  /** A call runs along nodes. */
  pulse(path: readonly string[], failed: boolean, now: number): void {
    if (this.#still.matches || document.hidden) return
    this.pulses.start(path, failed, now)
    this.#init.canvas.dataset['pulses'] = String(this.pulses.total)
    this.#stage.wake()
  }

  /** The colours of the page have changed. */
  recolor(): void {
    this.#palette = undefined
    this.#stage.changed()
  }

  arrange(): void {
    this.#init.layout.arrange()
    this.fit()
  }

  /** Shows everything, and goes on to when nodes come. */
  fit(): void {
    this.#lookAt(undefined)
  }

  zoomBy(factor: number): void {
    this.zoom({ x: this.#size.width / 2, y: this.#size.height / 2 }, factor)
  }

  /** Where a node is, in px of the canvas. */
  placeOf(id: string): Point | undefined {
    const place = this.#init.layout.places.get(id)
    return place && toCanvas(this.#seen(), place)
  }

  /** The node to which a key of the keyboard leads. It is brought into sight. */
  move(from: string | undefined, key: string): string | undefined {
    const { places } = this.#init.layout
    const [first] = this.#graph.nodes
    const to = from === undefined || !places.has(from) ? first?.id : nodeTowards(places, from, key)
    const place = places.get(to ?? '')
    if (place && this.#view) this.#lookAt(withInSight(this.#view, place, this.#size))
    return to
  }

  nodeAt(point: Point, isTouch: boolean): string | undefined {
    const view = this.#seen()
    const reach = (isTouch ? NODE_REACH.touch : NODE_REACH.mouse) / view.scale
    return nodeAt(this.#init.layout.places, toGraph(view, point), reach)
  }

  hover(point: Point | undefined): void {
    if (!point) return this.#init.onHover(undefined, undefined, { x: 0, y: 0 })
    const node = this.nodeAt(point, false)
    const view = this.#seen()
    const edge =
      node === undefined
        ? edgeAt(this.#graph.edges, this.#init.layout.places, toGraph(view, point), EDGE_REACH / view.scale)
        : undefined
    this.#init.canvas.style.cursor = node === undefined ? 'grab' : 'pointer'
    return this.#init.onHover(node, edge, point)
  }

  press(point: Point, isTouch: boolean): void {
    this.#init.onPress(this.nodeAt(point, isTouch), isTouch)
  }

  drag(node: string, point: Point): void {
    const view = this.#seen()
    // The view stays as it is: a graph that is fitted would run away from the pointer.
    this.#lookAt(view)
    this.#init.layout.drag(node, toGraph(view, point), !this.#still.matches)
  }

  pan(by: Point): void {
    const view = this.#seen()
    this.#lookAt({ ...view, x: view.x + by.x, y: view.y + by.y })
  }

  zoom(at: Point, factor: number): void {
    this.#lookAt(zoomed(this.#seen(), at, factor))
  }

  stop(): void {
    this.#stage.stop()
    this.#stops.forEach((stop) => stop())
  }

  #lookAt(view: Viewport | undefined): void {
    this.#view = view
    this.#init.onView(view)
    this.#stage.changed()
  }

  #seen(): Viewport {
    return this.#view ?? fitted(this.#init.layout.places.values(), this.#size)
  }

  #measure(): void {
    const { clientWidth: width, clientHeight: height } = this.#init.canvas
    this.#size = { width, height }
    this.#stage.changed()
  }

  #draw(now: number, isSame: boolean): void {
    const { canvas, layout, onDrawn } = this.#init
    const { width, height } = this.#size
    if (width === 0 || height === 0) return
    const density = Math.min(devicePixelRatio, MAX_DENSITY)
    const [pixelsX, pixelsY] = [Math.round(width * density), Math.round(height * density)]
    if (canvas.width !== pixelsX || canvas.height !== pixelsY)
      Object.assign(canvas, { width: pixelsX, height: pixelsY })
    const scene: Scene = {
      graph: this.#graph,
      places: layout.places,
      view: this.#seen(),
      size: this.#size,
      density,
      palette: (this.#palette ??= paletteOf(canvas.parentElement ?? document.body)),
      pulses: this.pulses.at(now),
      now,
      chosen: this.#chosen,
      chosenEdge: this.#edge,
      isMoving: !layout.isSettled,
    }
    this.#painter.draw(scene, isSame)
    // What came first has appeared at once. From now on it moves, if that is wanted.
    this.#stage.isQuiet = this.#still.matches
    onDrawn()
  }
}
