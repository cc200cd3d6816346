import { wasi } from '@bjorn3/browser_wasi_shim'
import { expect, test } from 'vitest'
import { Descriptor, type Later } from './descriptor.ts'
import { DescriptorTable } from './descriptor-table.ts'
import { WasiError } from './wasi-error.ts'

class Open extends Descriptor {
  readonly filetype = wasi.FILETYPE_CHARACTER_DEVICE
  readonly #close: () => Later<void>

  constructor(close: () => Later<void> = () => undefined) {
    super()
    this.#close = close
  }

  override close(): Later<void> {
    return this.#close()
  }
}

test('what abandoning a descriptor brings up, now or later, is nobody’s', async () => {
  const table = new DescriptorTable(10)
  const closes: (() => Later<void>)[] = [
    () => {
      throw new WasiError(wasi.ERRNO_CANCELED)
    },
    () => Promise.reject(new Error('too late')),
  ]
  for (const close of closes) {
    const [replaced, dropped, left] = [new Open(close), new Open(close), new Open(close)]
    table.set(0, replaced)
    expect(() => table.set(0, dropped)).not.toThrow()
    expect(() => table.drop(dropped)).not.toThrow()
    table.set(0, left)
    expect(() => table.closeAll()).not.toThrow()
  }
  // A rejection that nobody takes would fail this run.
  await new Promise((resolve) => setTimeout(resolve))
})

test('the number of a descriptor that was dropped is free', () => {
  const table = new DescriptorTable(2)
  const [first, second] = [new Open(), new Open()]
  table.add(first)
  table.add(second)
  table.drop(first)
  table.drop(first)
  expect(table.holds(1, second)).toBe(true)
  expect(table.add(new Open())).toBe(0)
})
