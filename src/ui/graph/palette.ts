/** The colours of the page that the graph uses: the names of its custom properties. */
const NAMES = ['panel', 'ink', 'soft', 'accent', 'ok', 'warn', 'bad'] as const

export type Palette = Readonly<Record<(typeof NAMES)[number], string>>

/** The colours of the page as a canvas takes them. */
export function paletteOf(element: HTMLElement): Palette {
  const probe = document.createElement('span')
  // Where the browser forces its colours, a canvas has none of them: all names would come to the colour of text.
  probe.style.forcedColorAdjust = 'none'
  element.append(probe)
  try {
    return Object.fromEntries(
      NAMES.map((name) => {
        // A custom property itself may be a function, such as `light-dark()`. What `color` comes to is a colour.
        probe.style.color = `var(--${name})`
        return [name, getComputedStyle(probe).color]
      }),
    ) as Palette
  } finally {
    probe.remove()
  }
}
