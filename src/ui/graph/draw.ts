import { formatMs } from '../kit/format.ts'
import { rateWords } from './graph-words.ts'
import type { Graph, GraphEdge, GraphNode, Tone } from './graph-data.ts'
import { type Box, type Label, labelsWithRoom } from './labels.ts'
import { type Place, RADIUS } from './layout.ts'
import type { Palette } from './palette.ts'
import { placeOf, type Pulse } from './pulses.ts'
import { type Point, type Size, toCanvas, type Viewport } from './viewport.ts'

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
const TEXT_PX = 16
/** With more edges, dashes cost more than all else: edges are thin and whole while something moves. */
const DASHED_EDGES = 250
/** A scale below which there is no room for arrows. */
const ARROW_SCALE = 0.5

/** What is drawn. */
export interface Scene {
  readonly graph: Graph
  readonly places: ReadonlyMap<string, Place>
  readonly view: Viewport
  readonly size: Size
  /** Pixels of the screen for one of the page. */
  readonly density: number
  readonly palette: Palette
  readonly pulses: readonly Pulse[]
  readonly now: number
  /** The node to which the keyboard has moved, or that the pointer is over. */
  readonly chosen: string | undefined
  readonly chosenEdge: string | undefined
  readonly isMoving: boolean
}

/** Draws scenes on one canvas. It remembers how wide texts are, and which labels were shown. */
export class Painter {
  readonly #context: CanvasRenderingContext2D
  readonly #widths = new Map<string, number>()
  #shown: ReadonlySet<string> = new Set()
  /** What was drawn last without pulses, while there are any. */
  #still: HTMLCanvasElement | undefined

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context
  }

  /** @param isSame Only the pulses are others than the last time. Then all else is copied. */
  draw(scene: Scene, isSame: boolean): void {
    const context = this.#context
    const { places, view, pulses, density } = scene
    const points = new Map<string, Point>()
    for (const [id, place] of places) points.set(id, toCanvas(view, place))
    context.setTransform(density, 0, 0, density, 0, 0)
    if (isSame && this.#still) context.drawImage(this.#still, 0, 0, scene.size.width, scene.size.height)
    else {
      this.#drawStill(scene, points)
      this.#still = pulses.length > 0 ? copyOf(context.canvas) : undefined
    }
    this.#pulses(scene, points)
  }

  #drawStill(scene: Scene, points: ReadonlyMap<string, Point>): void {
    const context = this.#context
    context.fillStyle = scene.palette.panel
    context.fillRect(0, 0, scene.size.width, scene.size.height)
    this.#edges(scene, points)
    this.#nodes(scene, points)
    this.#labels(scene, points)
  }

  /**
   * Each edge is a stroke of its own: one path of a thousand lines that cross takes twice as long, and more. Lines of one
   * px take half the time of wider ones (Chromium 156 without a GPU).
   */
  #edges({ graph, palette, view, isMoving, chosenEdge, chosen }: Scene, points: ReadonlyMap<string, Point>): void {
    const context = this.#context
    const looks = new Map<string, { look: EdgeLook; lines: [Point, Point][] }>()
    const isBusy = isMoving && graph.edges.length > DASHED_EDGES
    for (const edge of graph.edges) {
      const [from, to] = [points.get(edge.from), points.get(edge.to)]
      if (!from || !to) continue
      const isChosen = edge.id === chosenEdge || edge.from === chosen || edge.to === chosen
      const look = edgeLook(edge, palette, isChosen)
      const key = `${look.color} ${look.width} ${look.alpha} ${look.dash.join()}`
      const same = looks.get(key) ?? { look, lines: [] }
      same.lines.push([from, to])
      looks.set(key, same)
    }
    for (const { look, lines } of looks.values()) {
      context.strokeStyle = look.color
      context.lineWidth = isBusy ? 1 : look.width
      context.globalAlpha = look.alpha
      context.setLineDash(isBusy ? [] : look.dash)
      for (const [from, to] of lines) {
        context.beginPath()
        context.moveTo(from.x, from.y)
        context.lineTo(to.x, to.y)
        context.stroke()
      }
    }
    context.setLineDash([])
    context.globalAlpha = 1
    if (view.scale >= ARROW_SCALE && !isBusy) this.#arrows(graph, palette, points)
  }

  /** A watch points at the process that is watched. */
  #arrows({ edges }: Graph, palette: Palette, points: ReadonlyMap<string, Point>): void {
    const context = this.#context
    context.fillStyle = palette.soft
    context.beginPath()
    for (const { kind, from: one, to: other } of edges) {
      const [from, to] = [points.get(one), points.get(other)]
      if (kind !== 'watch' || !from || !to) continue
      const length = Math.hypot(to.x - from.x, to.y - from.y)
      const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length]
      const [x, y] = [from.x + (to.x - from.x) * 0.62, from.y + (to.y - from.y) * 0.62]
      context.moveTo(x + dx * 5, y + dy * 5)
      context.lineTo(x - dx * 4 - dy * 4, y - dy * 4 + dx * 4)
      context.lineTo(x - dx * 4 + dy * 4, y - dy * 4 - dx * 4)
      context.closePath()
    }
    context.fill()
  }

  #nodes({ graph, palette, view, chosen }: Scene, points: ReadonlyMap<string, Point>): void {
    const context = this.#context
    context.lineWidth = 2
    for (const node of graph.nodes) {
      const at = points.get(node.id)
      if (!at) continue
      const radius = radiusOf(node, view)
      context.fillStyle = node.kind === 'self' ? palette.accent : palette.panel
      context.strokeStyle = node.kind === 'self' ? palette.accent : toneColor(node.tone, palette)
      context.beginPath()
      outline(context, node, at, radius)
      context.fill()
      context.stroke()
      if (node.kind === 'process' && node.tone !== 'off') {
        context.fillStyle = toneColor(node.tone, palette)
        context.beginPath()
        context.arc(at.x, at.y, radius * 0.4, 0, 2 * Math.PI)
        context.fill()
      }
      if (node.id !== chosen) continue
      context.strokeStyle = palette.accent
      context.beginPath()
      context.arc(at.x, at.y, radius + 6, 0, 2 * Math.PI)
      context.stroke()
    }
  }

  /** A failed call is a cross, all others are discs. */
  #pulses({ pulses, now, palette }: Scene, points: ReadonlyMap<string, Point>): void {
    const context = this.#context
    for (const pulse of pulses) {
      const place = placeOf(pulse, now)
      const [from, to] = [points.get(place?.from ?? ''), points.get(place?.to ?? '')]
      if (!place || !from || !to) continue
      const [x, y] = [from.x + (to.x - from.x) * place.done, from.y + (to.y - from.y) * place.done]
      const radius = 3.5 + Math.min(4, Math.log2(pulse.calls))
      context.beginPath()
      if (pulse.failed) {
        context.strokeStyle = palette.bad
        context.lineWidth = 2.5
        context.moveTo(x - radius, y - radius)
        context.lineTo(x + radius, y + radius)
        context.moveTo(x + radius, y - radius)
        context.lineTo(x - radius, y + radius)
        context.stroke()
      } else {
        context.fillStyle = palette.accent
        context.arc(x, y, radius, 0, 2 * Math.PI)
        context.fill()
      }
    }
  }

  #labels(scene: Scene, points: ReadonlyMap<string, Point>): void {
    const context = this.#context
    const { palette, size } = scene
    context.font = FONT
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    const isSeen = ({ x, y, width, height }: Box): boolean =>
      x < size.width && y < size.height && x + width > 0 && y + height > 0
    const wanted = [...this.#nodeLabels(scene, points), ...this.#edgeLabels(scene, points)]
    const shown = labelsWithRoom(
      wanted.filter(({ box }) => isSeen(box)),
      nodeBoxes(scene, points).filter(isSeen),
      this.#shown,
    )
    this.#shown = new Set(shown.map(({ id }) => id))
    const names = new Set(scene.graph.nodes.map(({ id }) => id))
    for (const { id, text, box } of shown) {
      context.fillStyle = palette.panel
      context.fillRect(box.x, box.y, box.width, box.height)
      context.fillStyle = names.has(id) ? palette.ink : palette.soft
      context.fillText(text, box.x + box.width / 2, box.y + box.height / 2 + 0.5)
    }
  }

  *#nodeLabels({ graph, view, chosen }: Scene, points: ReadonlyMap<string, Point>): Iterable<Label> {
    for (const node of graph.nodes) {
      const at = points.get(node.id)
      if (!at) continue
      const width = this.#widthOf(node.name)
      // A ring is around the chosen one.
      const y = at.y + radiusOf(node, view) + (node.id === chosen ? 9 : 3)
      yield {
        id: node.id,
        text: node.name,
        box: { x: at.x - width / 2, y, width, height: TEXT_PX },
        weight: node.id === chosen ? 100 : LABEL_WEIGHT[node.kind],
      }
    }
  }

  *#edgeLabels({ graph, chosenEdge }: Scene, points: ReadonlyMap<string, Point>): Iterable<Label> {
    for (const edge of graph.edges) {
      if (edge.kind !== 'connection') continue
      const [from, to] = [points.get(edge.from), points.get(edge.to)]
      const text = labelOf(edge)
      const width = this.#widthOf(text)
      // A label that is longer than its edge would look like that of another.
      if (!from || !to || Math.hypot(to.x - from.x, to.y - from.y) < 70) continue
      for (const along of LABEL_PLACES) {
        const [x, y] = [from.x + (to.x - from.x) * along, from.y + (to.y - from.y) * along]
        yield {
          id: edge.id,
          text,
          box: { x: x - width / 2, y: y - TEXT_PX / 2, width, height: TEXT_PX },
          weight: edge.id === chosenEdge ? 100 : 5.5,
        }
      }
    }
  }

  #widthOf(text: string): number {
    const known = this.#widths.get(text)
    if (known !== undefined) return known
    // Numbers make ever new texts.
    if (this.#widths.size > 2000) this.#widths.clear()
    const width = this.#context.measureText(text).width + 6
    this.#widths.set(text, width)
    return width
  }
}

function copyOf(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = document.createElement('canvas')
  Object.assign(copy, { width: canvas.width, height: canvas.height })
  copy.getContext('2d', { alpha: false })?.drawImage(canvas, 0, 0)
  return copy
}

/** Where the label of an edge may stand on it, the best place first. */
const LABEL_PLACES = [0.5, 0.62, 0.38]

const LABEL_WEIGHT: Readonly<Record<GraphNode['kind'], number>> = { self: 9, relay: 7, peer: 6, process: 5, remote: 3 }

/** Half of the size of a node on the canvas, in px. */
function radiusOf({ kind }: Pick<GraphNode, 'kind'>, { scale }: Viewport): number {
  return RADIUS[kind] * Math.max(0.4, Math.min(scale, 1.2))
}

function nodeBoxes({ graph, view }: Scene, points: ReadonlyMap<string, Point>): Box[] {
  return graph.nodes.flatMap((node) => {
    const at = points.get(node.id)
    const radius = radiusOf(node, view)
    return at ? [{ x: at.x - radius, y: at.y - radius, width: 2 * radius, height: 2 * radius }] : []
  })
}

/** Transport, latency and bytes a second, as far as they are known. */
function labelOf({ transport, latencyMs, inRate, outRate }: GraphEdge): string {
  const rate = (inRate ?? 0) + (outRate ?? 0)
  return [
    transport,
    ...(latencyMs === undefined ? [] : [formatMs(latencyMs)]),
    // What pings need is not worth a word.
    ...(rate < 1000 ? [] : [rateWords(rate)]),
  ].join(' · ')
}

/**
 * What is drawn of a graph besides its places, as text. Byte counts change every second, and most changes are too small
 * to be seen.
 */
export function lookOf({ nodes, edges, own }: Graph): string {
  let ownLook = ownLooks.get(own)
  if (ownLook === undefined) ownLooks.set(own, (ownLook = edgesLook(own)))
  // The others come first.
  return [nodes.map(nodeLook).join(), ownLook, edgesLook(edges.slice(0, edges.length - own.length))].join('\n')
}

const ownLooks = new WeakMap<readonly GraphEdge[], string>()
const nodeLooks = new WeakMap<GraphNode, string>()

function nodeLook(node: GraphNode): string {
  let look = nodeLooks.get(node)
  if (look === undefined) {
    const { id, kind, name, tone } = node
    nodeLooks.set(node, (look = JSON.stringify([id, kind, name, tone])))
  }
  return look
}

function edgesLook(edges: readonly GraphEdge[]): string {
  return JSON.stringify(
    edges.map((edge) => (edge.kind === 'connection' ? [edge.id, labelOf(edge), carriedWidth(edge)] : edge.id)),
  )
}

/** What the bytes add to the width of an edge, in px: ten times as many make it one px wider. */
function carriedWidth({ inRate, outRate }: GraphEdge): number {
  return Math.min(4, Math.floor(Math.max(0, Math.log10(1 + (inRate ?? 0) + (outRate ?? 0)) - 2)))
}

interface EdgeLook {
  readonly color: string
  readonly width: number
  readonly dash: number[]
  readonly alpha: number
}

function edgeLook(edge: GraphEdge, palette: Palette, isChosen: boolean): EdgeLook {
  const { kind, transport } = edge
  const more = isChosen ? 1 : 0
  if (kind === 'home') return { color: palette.soft, width: 1.2 + more, dash: [], alpha: isChosen ? 1 : 0.4 }
  if (kind === 'watch') return { color: palette.soft, width: 1.2 + more, dash: [6, 4], alpha: 1 }
  if (kind === 'link') return { color: palette.soft, width: 2 + more, dash: [2, 4], alpha: 1 }
  const color = transport === 'relay' ? palette.warn : transport === 'WebRTC' ? palette.accent : palette.ok
  return { color, width: 1.6 + more + carriedWidth(edge), dash: [], alpha: 1 }
}

/** A circle for a peer, a diamond for a relay, a square for a process. */
function outline(context: CanvasRenderingContext2D, { kind }: GraphNode, { x, y }: Point, radius: number): void {
  if (kind === 'self' || kind === 'peer') context.arc(x, y, radius, 0, 2 * Math.PI)
  else if (kind === 'relay') {
    context.moveTo(x, y - radius * 1.2)
    context.lineTo(x + radius * 1.2, y)
    context.lineTo(x, y + radius * 1.2)
    context.lineTo(x - radius * 1.2, y)
    context.closePath()
  } else context.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius * 0.35)
}

function toneColor(tone: Tone, palette: Palette): string {
  return tone === 'off' ? palette.soft : palette[tone]
}
