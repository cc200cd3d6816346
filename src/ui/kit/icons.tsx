/** SVG icons with strokes of 1.6 px. They are decoration: words stand beside each of them. */

export function Logo() {
  const nodes: [number, number][] = [
    [12, 2.6],
    [20.3, 7.2],
    [20.3, 16.8],
    [12, 21.4],
    [3.7, 16.8],
    [3.7, 7.2],
  ]
  return (
    <svg class="logo-mark" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="3.4" fill="currentColor" stroke="none" />
      <path d="M12 8.5V3M14.9 10.3l4.8-2.8M14.9 13.7l4.8 2.8M12 15.5V21M9.1 13.7l-4.8 2.8M9.1 10.3 4.3 7.5" />
      {nodes.map(([x, y]) => (
        <circle key={`${x},${y}`} cx={x} cy={y} r="1" />
      ))}
    </svg>
  )
}

const PATHS = {
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  done: 'M3 8.5l3.2 3.2L13 5',
  close: 'M4 4l8 8M12 4l-8 8',
  closed: 'M3.5 7.5h9v6h-9zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2',
  open: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11M2.5 8h11M8 2.5c-3 3-3 8 0 11M8 2.5c3 3 3 8 0 11',
  search: 'M7 3a4 4 0 1 0 0 8 4 4 0 1 0 0-8M10 10l3.5 3.5',
  qr: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5v4M13.5 9.5v1.5M11.5 13.5h2',
} as const

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
