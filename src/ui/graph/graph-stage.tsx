import { useSignal, useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { goTo } from '../router.ts'
import { theme } from '../theme.ts'
import { CallPaths } from './call-path.ts'
import type { SeenCall } from './call-watch.ts'
import { GraphCanvas } from './graph-canvas.ts'
import { GraphCard } from './graph-card.tsx'
import type { Graph, GraphEdge } from './graph-data.ts'
import type { GraphState } from './graph-state.ts'
import { nodeWords } from './graph-words.ts'
import type { Point } from './viewport.ts'

/** What is beneath the pointer. */
interface Over {
  readonly node: string | undefined
  readonly edge: GraphEdge | undefined
  readonly at: Point
}

const NOTHING: Over = { node: undefined, edge: undefined, at: { x: 0, y: 0 } }
const STEP = 1.3

export interface GraphStageProps {
  graph: Graph
  self: string
  state: GraphState
  /** Takes what is to be told of new calls. */
  seen: { current: (calls: readonly SeenCall[]) => void }
}

/** The graph on its canvas, with the card of what is chosen. */
export function GraphStage({ graph, self, state, seen }: GraphStageProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const card = useRef<HTMLDivElement>(null)
  const shown = useRef<GraphCanvas | undefined>(undefined)
  const over = useSignal(NOTHING)
  const { chosen } = state
  const nodes = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph])
  const latest = useRef({ graph, self, nodes })
  latest.current = { graph, self, nodes }

  const { node: overNode, edge: overEdge } = over.value
  const edge = overEdge && graph.edges.find(({ id }) => id === overEdge.id)
  const node = nodes.get(overNode ?? (edge ? '' : (chosen.value ?? '')))

  const go = (id: string | undefined): void => {
    const href = latest.current.nodes.get(id ?? '')?.href
    if (href !== undefined) goTo(href)
  }
  const placeCard = (): void => {
    const { node: id, edge: under, at: pointer } = over.peek()
    const where = under ? pointer : shown.current?.placeOf(id ?? chosen.peek() ?? '')
    if (card.current && canvas.current && where) placeBeside(card.current, where, canvas.current)
  }

  useLayoutEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d', { alpha: false })
    if (!element || !context) {
      state.isTable.value = true
      return undefined
    }
    const made = new GraphCanvas({
      canvas: element,
      context,
      layout: state.layout,
      view: state.view,
      onView: (view) => (state.view = view),
      onHover: (id, under, point) => {
        const before = over.peek()
        if (id !== before.node || under !== before.edge) over.value = { node: id, edge: under, at: point }
      },
      onPress: (id, isTouch) => {
        // A finger cannot hover, so it sees the numbers first. The card has the link.
        if (isTouch || id === undefined) chosen.value = id
        else go(id)
      },
      onDrawn: placeCard,
    })
    shown.current = made
    let paths: { of: Graph; calls: CallPaths } | undefined
    seen.current = (calls) => {
      const { graph: now, self: peer } = latest.current
      if (paths?.of !== now) paths = { of: now, calls: new CallPaths(now, peer) }
      const at = performance.now()
      for (const call of calls) made.pulse(paths.calls.of(call), call.failed, at)
    }
    return () => {
      seen.current = () => undefined
      made.stop()
      shown.current = undefined
    }
  }, [])
  useLayoutEffect(() => {
    shown.current?.show(graph, node?.id, edge?.id)
    placeCard()
  }, [graph, node?.id, edge?.id])
  useSignalEffect(() => {
    void theme.value
    shown.current?.recolor()
  })

  const onKeyDown = (event: KeyboardEvent): void => {
    const view = shown.current
    if (!view || event.ctrlKey || event.metaKey || event.altKey) return
    const keys: Record<string, () => void> = {
      '+': () => view.zoomBy(STEP),
      '=': () => view.zoomBy(STEP),
      '-': () => view.zoomBy(1 / STEP),
      '0': () => view.fit(),
      Home: () => (chosen.value = latest.current.graph.nodes[0]?.id),
      Enter: () => go(chosen.peek()),
      Escape: () => (chosen.value = undefined),
    }
    const move = (): void => {
      const to = view.move(chosen.peek(), event.key)
      if (to !== undefined) chosen.value = to
    }
    const act = event.key.startsWith('Arrow') ? move : keys[event.key]
    if (!act) return
    event.preventDefault()
    over.value = NOTHING
    act()
  }
  const told = nodes.get(chosen.value ?? '')
  return (
    <div class="graph-stage">
      <canvas
        ref={canvas}
        role="application"
        aria-roledescription="graph"
        aria-label="Graph of the mesh"
        aria-describedby="graph-keys"
        tabIndex={0}
        onKeyDown={onKeyDown}
      />
      <p id="graph-keys" class="sr-only">
        The arrow keys go from one node to the next, Enter opens its page, plus and minus zoom, 0 shows everything. The
        table that follows says the same.
      </p>
      <p class="sr-only" role="status">
        {told ? nodeWords(told) : ''}
      </p>
      <div ref={card} class={`graph-card ${overNode === undefined && !edge ? 'stays' : ''}`} hidden={!node && !edge}>
        <GraphCard graph={graph} node={node} edge={edge} stays={overNode === undefined} />
      </div>
      <div class="graph-buttons">
        <button type="button" class="button" aria-label="Zoom in" onClick={() => shown.current?.zoomBy(STEP)}>
          +
        </button>
        <button type="button" class="button" aria-label="Zoom out" onClick={() => shown.current?.zoomBy(1 / STEP)}>
          −
        </button>
        <button type="button" class="button" title="Show everything (0)" onClick={() => shown.current?.fit()}>
          Fit
        </button>
        <button
          type="button"
          class="button"
          title="Look for better places, also for nodes that were dragged"
          onClick={() => shown.current?.arrange()}
        >
          Arrange
        </button>
      </div>
    </div>
  )
}

/** Room between the card and what it is about, in px. */
const CARD_GAP = 20

/** Puts the card beside a point, to the right and below if there is room, and never beyond the edges of the canvas. */
function placeBeside(card: HTMLElement, { x, y }: Point, { clientWidth, clientHeight }: HTMLElement): void {
  const { offsetWidth: width, offsetHeight: height } = card
  const [right, left] = [x + CARD_GAP, x - CARD_GAP - width]
  const [below, above] = [y + CARD_GAP, y - CARD_GAP - height]
  const middle = Math.max(4, Math.min(x - width / 2, clientWidth - width - 4))
  card.style.left = `${right + width <= clientWidth ? right : left >= 0 ? left : middle}px`
  card.style.top = `${below + height <= clientHeight ? below : Math.max(4, above)}px`
  card.dataset['about'] = `${x} ${y}`
}
