import 'uplot/dist/uPlot.min.css'
import type { Signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

/** Height of the drawing with its axes, in px. `charts.css` has it too. */
const HEIGHT_PX = 150
const AXIS_FONT = '11px system-ui, sans-serif'
/** Steps of whole numbers at an axis. */
const WHOLE = Array.from({ length: 6 }, (_, i) => [1, 2, 5].map((step) => step * 10 ** i)).flat()
/** Room for the numbers beside the drawing, in px. */
const NUMBERS_PX = 64

export interface PlotProps {
  /** In seconds since the epoch, growing. */
  times: readonly number[]
  /** Values of each line at these times. Null: a gap. */
  rows: readonly (readonly (number | null)[])[]
  /** `color` is a custom property. */
  lines: readonly { readonly color: string }[]
  /** Only whole numbers are at the axis. */
  isWhole: boolean
  /** The place of the time under the pointer. */
  pointed: Signal<number | undefined>
  format: (value: number) => string
  formatTime: (seconds: number) => string
}

/** Lines over time. It draws when its values, its size or the colours of the page change. */
export function Plot(props: PlotProps) {
  const { times, rows } = props
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | undefined>(undefined)
  const data = [times, ...rows] as UPlot.AlignedData
  useLayoutEffect(() => {
    const { current: element } = box
    if (!element) return undefined
    const colors = new Map<string, string>()
    const colorOf = (property: string): string => {
      const color = colors.get(property) ?? readColor(element, property)
      colors.set(property, color)
      return color
    }
    const made = new UPlot(optionsOf(element.clientWidth, colorOf, props), data, element)
    plot.current = made
    const resize = (): void => made.setSize({ width: element.clientWidth, height: HEIGHT_PX })
    const sizes = new ResizeObserver(resize)
    sizes.observe(element)
    const endThemes = onTheme(() => {
      colors.clear()
      made.redraw(false)
    })
    return () => {
      sizes.disconnect()
      endThemes()
      made.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData(data), [times])
  return <div ref={box} class="plot" />
}

function optionsOf(
  width: number,
  colorOf: (property: string) => string,
  { lines, isWhole, pointed, format, formatTime }: PlotProps,
): UPlot.Options {
  const grid = { stroke: () => colorOf('--line'), width: 1 }
  const axis = { stroke: () => colorOf('--soft'), font: AXIS_FONT, grid, ticks: { show: false } }
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { sync: { key: 'glia' }, drag: { x: false, y: false }, y: false },
    hooks: { setCursor: [({ cursor }) => (pointed.value = cursor.idx ?? undefined)] },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, space: 70, size: 26, values: (_plot, splits) => splits.map(formatTime) },
      {
        ...axis,
        ...(isWhole && { incrs: WHOLE }),
        space: 28,
        size: NUMBERS_PX,
        values: (_plot, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...lines.map(({ color }, i) => ({
        stroke: () => colorOf(color),
        width: 1.6,
        // Colour alone tells nobody the lines apart.
        ...(i > 0 && { dash: [5, 3] }),
        points: { size: 4, filter: loneOf },
      })),
    ],
  }
}

/** The values between two gaps: no line leads to them, so they are drawn as points. */
function loneOf(plot: UPlot, line: number): number[] {
  const values = plot.data[line] ?? []
  return Array.from(values.keys()).filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null)
}

/** A canvas knows no custom properties and no `light-dark()`. */
function readColor(element: HTMLElement, property: string): string {
  element.style.color = `var(${property})`
  return getComputedStyle(element).color
}

/** @returns a function that ends it. */
function onTheme(changed: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', changed)
  const chosen = new MutationObserver(changed)
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => {
    system.removeEventListener('change', changed)
    chosen.disconnect()
  }
}
