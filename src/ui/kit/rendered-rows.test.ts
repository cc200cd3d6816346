import { signal } from '@preact/signals'
import { h, render } from 'preact'
import { expect, test } from 'vitest'
import { memo } from './memo.ts'
import { testDom } from './test-dom.ts'
import { type Column, TableState, VirtualTable, type VirtualTableProps } from './virtual-table.tsx'

interface Row {
  name: string
  calls: number
}

test('a part renders again for another prop or a signal that it reads, and for nothing else', async () => {
  const { root, element } = testDom()
  const unit = signal('ms')
  const rendered: string[] = []
  const Part = memo(function Part({ name }: { name: string }) {
    rendered.push(name)
    return h('li', {}, name, unit.value)
  })
  const show = (...names: string[]): void =>
    render(
      h(
        'ul',
        {},
        names.map((name) => h(Part, { key: name, name })),
      ),
      element,
    )
  show('a', 'b')
  show('a', 'b', 'c')
  expect(rendered).toEqual(['a', 'b', 'c'])
  unit.value = 's'
  await expect.poll(() => root.textContent).toBe('asbscs')
})

/** A table of a thousand rows, and the names of the rows whose cells were made since the last time. */
function tableOf(given: Partial<VirtualTableProps<Row>> = {}) {
  const { element } = testDom()
  let made: string[] = []
  const columns: Column<Row>[] = [
    {
      key: 'calls',
      head: 'Calls',
      compare: (a, b) => a.calls - b.calls,
      cell: ({ name, calls }) => {
        made.push(name)
        return String(calls)
      },
    },
  ]
  const state = new TableState('rows')
  const show = (rows: readonly Row[], selected?: string): string[] => {
    made = []
    const props = { labelledBy: '', keyOf, columns, state, selected, onSelect: () => undefined, ...given, rows }
    render(h(VirtualTable<Row>, props), element)
    return made
  }
  /** Until the rows around those in sight are there too. */
  const whole = async (): Promise<void> => {
    await expect.poll(() => made.length).toBeGreaterThan(25)
  }
  return { show, whole }
}

function keyOf({ name }: Row): string {
  return name
}

const thousand: readonly Row[] = Array.from({ length: 1000 }, (_, i) => ({ name: `row ${i}`, calls: 0 }))

test('a row that changes among a thousand is rendered alone', async () => {
  const { show, whole } = tableOf()
  expect(show(thousand).length).toBeLessThan(25)
  await whole()
  expect(show([...thousand])).toEqual([])
  expect(show(thousand.with(3, { name: 'row 3', calls: 1 }))).toEqual(['row 3'])
  expect(show(thousand.with(900, { name: 'row 900', calls: 1 }))).toEqual(['row 3'])
})

test('a row that is chosen, and the one that was, are the only ones that are rendered', async () => {
  const { show, whole } = tableOf()
  show(thousand, 'row 1')
  await whole()
  expect(show(thousand, 'row 2')).toEqual(['row 1', 'row 2'])
})
