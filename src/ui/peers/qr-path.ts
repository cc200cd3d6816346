/** A square of dark and light modules. */
export interface QrModules {
  /** Modules per side. */
  size: number
  /** Whether a module is dark. */
  get: (x: number, y: number) => boolean
}

/** The dark modules as an SVG path, one unit per module, each run of a row as one rectangle. */
export function qrPath({ size, get }: QrModules): string {
  let path = ''
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const start = x
      while (x < size && get(x, y)) x++
      if (x > start) path += `M${start} ${y}h${x - start}v1H${start}z`
    }
  }
  return path
}
