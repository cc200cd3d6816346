import { expect, test } from 'vitest'
import { TypedFields } from './typed.ts'

/** A storage that outlives pages. */
function storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

test('what was typed outlives the view and a reload, and then no other reload', () => {
  const tab = storage()
  const page = new TypedFields(() => tab)
  page.of('name', '').value = 'Ada'
  expect(page.of('name', '').value).toBe('Ada')
  page.of('untouched', 'as it was')
  page.keep()
  const reloaded = new TypedFields(() => tab)
  expect(reloaded.of('name', '').value).toBe('Ada')
  expect(reloaded.of('untouched', 'as it is now').value).toBe('as it is now')
  expect(new TypedFields(() => tab).of('name', '').value).toBe('')
})

test('a field whose view was not shown between two reloads is kept over both', () => {
  const tab = storage()
  const page = new TypedFields(() => tab)
  page.of('far', '').value = 'away'
  page.keep()
  const between = new TypedFields(() => tab)
  between.of('near', '').value = 'by'
  between.keep()
  const last = new TypedFields(() => tab)
  expect([last.of('far', '').value, last.of('near', '').value]).toEqual(['away', 'by'])
})

test('a field that was sent begins anew, also after a reload', () => {
  const tab = storage()
  const page = new TypedFields(() => tab)
  page.of('form', { text: '' }).value = { text: 'typed' }
  page.keep()
  const reloaded = new TypedFields(() => tab)
  reloaded.of('other', '')
  reloaded.forget('form')
  expect(reloaded.of('form', { text: '' }).value).toEqual({ text: '' })
  reloaded.forget('form')
  reloaded.keep()
  expect(new TypedFields(() => tab).of('form', { text: '' }).value).toEqual({ text: '' })
})

test('fields of another version fit this one: what has another type or no place is left out', () => {
  const tab = storage()
  const before = new TypedFields(() => tab)
  before.of('form', { text: '', gone: '', open: false, list: [''] }).value = {
    text: 'typed',
    gone: 'x',
    open: true,
    list: ['a'],
  }
  before.of('once text', '').value = 'typed'
  before.of('once form', { a: '' }).value = { a: 'typed' }
  before.of('form of old', { a: '' }).value = { a: 'typed' }
  before.keep()
  const now = new TypedFields(() => tab)
  expect(now.of('form', { text: '', open: 'no', fresh: 'new', list: [] as string[] }).value).toEqual({
    text: 'typed',
    open: 'no',
    fresh: 'new',
    list: ['a'],
  })
  expect(now.of('once text', { a: '' }).value).toEqual({ a: '' })
  expect(now.of('once form', '').value).toBe('')
  expect(now.of<string | undefined>('form of old', undefined).value).toBeUndefined()
})

test.each(['', 'no JSON', 'null', '[]', '7'])('%j in the storage is nothing', (kept) => {
  const tab = storage()
  tab.setItem('glia.typed', kept)
  expect(new TypedFields(() => tab).of('name', 'none').value).toBe('none')
})

test('where the browser keeps nothing, fields work as long as the page', () => {
  const page = new TypedFields(() => {
    throw new Error('The page may not.')
  })
  page.of('name', '').value = 'Ada'
  expect(page.of('name', '').value).toBe('Ada')
  expect(() => page.keep()).toThrow('The page may not.')
})
