export interface SparklineProps {
  /** From the oldest to the newest, at least two. */
  values: readonly number[]
  /** What it shows, in words. */
  label: string
}

const WIDTH = 100
const HEIGHT = 20

/** A small line without axes, from zero to the highest of its values. */
export function Sparkline({ values, label }: SparklineProps) {
  const highest = Math.max(...values) || 1
  const points = values.map((value, i) => {
    const x = (i / (values.length - 1)) * WIDTH
    const y = HEIGHT - 1 - (value / highest) * (HEIGHT - 2)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <polyline points={points.join(' ')} />
    </svg>
  )
}
