import { type ComponentType, type FunctionComponent, h } from 'preact'

/**
 * A component that renders again only if one of its props is another one than before, or if a signal that it reads has
 * changed. `Part` has its own signals, so what it reads reaches it although this component stays as it is.
 */
export function memo<Props extends object>(Part: FunctionComponent<Props>): FunctionComponent<Props> {
  return function Memo(this: { props: Props; shouldComponentUpdate?: (next: Props) => boolean }, props: Props) {
    this.shouldComponentUpdate = shouldUpdate
    return h(Part as ComponentType<object>, props)
  }
}

function shouldUpdate<Props extends object>(this: { props: Props }, next: Props): boolean {
  const before = this.props as Record<string, unknown>
  const given = next as Record<string, unknown>
  return Object.keys({ ...before, ...given }).some((name) => !Object.is(before[name], given[name]))
}
