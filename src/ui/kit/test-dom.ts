// For tests of what views render: as much of a document as Preact needs.

/** An element or a text. */
export class TestNode {
  readonly childNodes: TestNode[] = []
  parentNode: TestNode | null = null
  readonly attributes: Record<string, string> = {}
  readonly style = { setProperty: (): void => undefined, cssText: '' }
  readonly namespaceURI = 'http://www.w3.org/1999/xhtml'
  readonly clientHeight = 400
  readonly clientWidth = 1000
  scrollTop = 0
  readonly localName: string
  readonly nodeType: number
  data: string | undefined

  constructor(localName: string, data?: string) {
    this.localName = localName
    this.nodeType = data === undefined ? 1 : 3
    this.data = data
  }

  get firstChild(): TestNode | null {
    return this.childNodes[0] ?? null
  }

  get nextSibling(): TestNode | null {
    const all = this.parentNode?.childNodes ?? []
    return all[all.indexOf(this) + 1] ?? null
  }

  get textContent(): string {
    return this.data ?? this.childNodes.map((child) => child.textContent).join('')
  }

  insertBefore(node: TestNode, before: TestNode | null): TestNode {
    node.remove()
    node.parentNode = this
    this.childNodes.splice(before ? this.childNodes.indexOf(before) : this.childNodes.length, 0, node)
    return node
  }

  appendChild(node: TestNode): TestNode {
    return this.insertBefore(node, null)
  }

  remove(): void {
    const siblings = this.parentNode?.childNodes
    siblings?.splice(siblings.indexOf(this), 1)
    this.parentNode = null
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes[name] = String(value)
  }

  removeAttribute(name: string): void {
    delete this.attributes[name]
  }

  addEventListener(): void {}

  removeEventListener(): void {}
}

/** Gives views a document. @returns an element to render into. */
export function testDom(): { root: TestNode; element: Element } {
  const body = new TestNode('body')
  Object.assign(globalThis, {
    document: {
      body,
      createElementNS: (_: string, name: string) => new TestNode(name),
      createTextNode: (text: string) => new TestNode('#text', text),
      addEventListener: () => undefined,
    },
    ResizeObserver: class {
      observe(): void {}

      disconnect(): void {}
    },
    requestAnimationFrame: (run: () => void) => setTimeout(run),
    cancelAnimationFrame: clearTimeout,
  })
  const root = new TestNode('div')
  return { root, element: root as unknown as Element }
}
