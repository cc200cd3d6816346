interface Group {
  readonly name: string
  readonly members: string[]
  /** Its place in the list of groups. */
  index: number
}

/**
 * Peers of which some are to be picked. They stand in groups: a network, or who told of them. Each group is picked as
 * often as any other, so one machine with many peer ids gets no larger part.
 */
export class Crowd {
  readonly #groups = new Map<string, Group>()
  /** The same groups, to pick one of. */
  readonly #list: Group[] = []
  readonly #places = new Map<string, { group: Group; index: number }>()

  get size(): number {
    return this.#places.size
  }

  /** The group of a peer; undefined if it is not here. */
  groupOf(id: string): string | undefined {
    return this.#places.get(id)?.group.name
  }

  all(): Iterable<string> {
    return this.#places.keys()
  }

  add(id: string, name: string): void {
    this.remove(id)
    const group = this.#groups.get(name) ?? this.#begin(name)
    this.#places.set(id, { group, index: group.members.push(id) - 1 })
  }

  /** @returns false if it was not here */
  remove(id: string): boolean {
    const place = this.#places.get(id)
    if (!place) return false
    const { group, index } = place
    this.#places.delete(id)
    const moved = takeOut(group.members, index)
    if (moved !== undefined) this.#places.set(moved, place)
    if (group.members.length > 0) return true
    this.#groups.delete(group.name)
    const other = takeOut(this.#list, group.index)
    if (other) other.index = group.index
    return true
  }

  #begin(name: string): Group {
    const group = { name, members: [], index: this.#list.length }
    this.#list.push(group)
    this.#groups.set(name, group)
    return group
  }

  /** Any peer; undefined if there is none. */
  pick(): string | undefined {
    return anyOf(anyOf(this.#list)?.members ?? [])
  }
}

/** The part of a crowd that one peer is told of. It changes only as much as the crowd does. */
export class Sample {
  readonly #crowd: Crowd
  readonly #most: number
  readonly #self: string
  readonly #groups = new Map<string, string>()

  /** @param self The peer that is told. It is not in its own sample. */
  constructor(crowd: Crowd, most: number, self: string) {
    this.#crowd = crowd
    this.#most = most
    this.#self = self
  }

  has(id: string): boolean {
    return this.#groups.has(id)
  }

  /** Takes peers of the crowd while there is room. @returns those that are new in the sample */
  fill(): string[] {
    const added: string[] = []
    const { size } = this.#crowd
    if (size <= this.#most) {
      for (const id of this.#crowd.all()) if (this.#take(id)) added.push(id)
      return added
    }
    // Some are picked twice. What is missing then comes with the next change.
    for (let tries = this.#most * 8; tries > 0 && this.#groups.size < this.#most; tries--) {
      const id = this.#crowd.pick()
      if (id !== undefined && this.#take(id)) added.push(id)
    }
    return added
  }

  /**
   * Considers a peer that has come to the crowd. A full sample takes it as often as it has taken each of the others, for
   * a peer of the group with the most peers in the sample. @returns the peer that left the sample, or whether it was taken
   */
  came(id: string): { taken: boolean; left?: string } {
    if (this.#groups.size < this.#most) return { taken: this.#take(id) }
    if (Math.random() * this.#crowd.size >= this.#most || id === this.#self || this.has(id)) return { taken: false }
    const counts = new Map<string, number>()
    for (const group of this.#groups.values()) counts.set(group, (counts.get(group) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const left = anyOf([...this.#groups].filter(([, group]) => counts.get(group) === most))?.[0]
    if (left !== undefined) this.#groups.delete(left)
    return { taken: this.#take(id), ...(left !== undefined && { left }) }
  }

  /** Call it for a peer that has left the crowd. @returns whether it was in the sample */
  gone(id: string): boolean {
    return this.#groups.delete(id)
  }

  #take(id: string): boolean {
    const group = this.#crowd.groupOf(id)
    if (group === undefined || id === this.#self || this.#groups.has(id)) return false
    this.#groups.set(id, group)
    return true
  }
}

/** Removes an item. @returns the last item, if that has taken its place */
function takeOut<T>(items: T[], index: number): T | undefined {
  const last = items.pop()
  if (last === undefined || index === items.length) return undefined
  items[index] = last
  return last
}

function anyOf<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)]
}
