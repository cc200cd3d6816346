import { expect, test } from 'vitest'
import type { Exit, ExitReason } from './exit.ts'
import { Links } from './links.ts'
import { newPid, type Pid } from '../pid.ts'

const TRAP: ExitReason = { type: 'trapped', message: 'unreachable', frames: [] }
const [a, b, c] = [newPid(), newPid(), newPid()]
const NAMES: Record<string, string> = { [a]: 'a', [b]: 'b', [c]: 'c' }

const exit = (reason: ExitReason = TRAP, more: Partial<Exit> = {}): Exit => ({ at: 0, reason, final: false, ...more })

/** Links of three processes that pass on every signal, and what came of it. */
function makeLinks() {
  const seen: string[] = []
  const links: Links = new Links({
    tell: ({ watcher, method }, { reason }) => seen.push(`${NAMES[watcher]}.${method} ${reason.type}`),
    signal: (pid: Pid, ended: Pid, _exit, counts) => {
      seen.push(`${NAMES[pid]} ends with ${NAMES[ended]}`)
      links.ended(pid, exit({ type: 'linked', pid: ended, message: 'linked' }), counts)
    },
  })
  return { links, seen }
}

test('who watches is told of every end, until the watch is ended', () => {
  const { links, seen } = makeLinks()
  links.watch({ id: '1', watcher: a, watched: b, method: 'down' })
  links.ended(b, exit(), true)
  links.ended(b, exit({ type: 'exited', code: 0 }), true)
  links.ended(c, exit(), true)
  expect(seen).toEqual(['a.down trapped', 'a.down exited'])
  expect(links.unwatch('1')).toMatchObject({ watcher: a })
  expect(links.unwatch('1')).toBeUndefined()
  links.ended(b, exit(), true)
  expect(seen.length).toBe(2)
})

test('of ends that telling brings about each watch tells once', () => {
  const seen: string[] = []
  const links: Links = new Links({
    tell: ({ watcher, watched }, _exit, told) => {
      seen.push(`${NAMES[watcher]} of ${NAMES[watched]}`)
      links.ended(watcher, exit({ type: 'exited', code: 0 }), true, told)
    },
    signal: () => undefined,
  })
  links.watch({ id: '1', watcher: a, watched: b, method: 'down' })
  links.watch({ id: '2', watcher: b, watched: a, method: 'down' })
  links.watch({ id: '3', watcher: c, watched: a, method: 'down' })
  links.ended(a, exit(), true)
  expect(seen).toEqual(['b of a', 'a of b', 'c of a'])
  seen.length = 0
  links.ended(b, exit(), true)
  expect(seen).toEqual(['a of b', 'b of a', 'c of a'])
})

test('linked processes end with each other, and it goes on along the links, once round', () => {
  const { links, seen } = makeLinks()
  links.link(a, b)
  links.link(b, c)
  links.link(c, a)
  links.ended(b, exit(), true)
  expect(seen).toEqual(['a ends with b', 'c ends with a'])
  links.unlink(a, b)
  seen.length = 0
  links.ended(a, exit(), true)
  expect(seen).toEqual(['c ends with a', 'b ends with c'])
})

test('an end that comes late does not end its cause once more', () => {
  const { links, seen } = makeLinks()
  links.link(a, b)
  links.link(b, c)
  links.ended(b, exit({ type: 'linked', pid: a, message: 'linked' }), true)
  expect(seen).toEqual(['c ends with b'])
})

test('an end that could not be told keeps none of the later ones from being told', () => {
  const seen: string[] = []
  const links = new Links({
    tell: () => undefined,
    signal: (pid) => {
      seen.push(`${NAMES[pid]}`)
      if (seen.length === 1) throw new Error('its log is full')
    },
  })
  links.link(a, b)
  expect(() => links.ended(a, exit(), true)).toThrow('its log is full')
  links.ended(b, exit(), true)
  links.ended(a, exit(), true)
  expect(seen).toEqual(['b', 'a', 'b'])
})

test('who watches as well is told instead', () => {
  const { links, seen } = makeLinks()
  links.link(a, b)
  links.watch({ id: '1', watcher: a, watched: b, method: 'down' })
  links.ended(b, exit(), true)
  expect(seen).toEqual(['a.down trapped'])
  links.ended(a, exit(), true)
  expect(seen).toEqual(['a.down trapped', 'b ends with a', 'a.down linked'])
})

test.each([
  ['a normal end', exit({ type: 'exited', code: 0 })],
  ['a start that failed', exit({ type: 'start', message: 'no worker' })],
  ['a run of a command that failed', exit({ type: 'exited', code: 1 }, { method: '_start' })],
])('%s ends nobody else', (_, ended) => {
  const { links, seen } = makeLinks()
  links.link(a, b)
  links.ended(a, ended, true)
  expect(seen).toEqual([])
})

test('a process that is gone has no ties any more, and those that had them are known', () => {
  const { links, seen } = makeLinks()
  links.link(a, b)
  links.watch({ id: '1', watcher: a, watched: c, method: 'down' })
  links.watch({ id: '2', watcher: c, watched: a, method: 'down' })
  expect(links.forget(a)).toEqual([b, c])
  links.ended(a, exit(), true)
  links.ended(b, exit(), true)
  links.ended(c, exit(), true)
  expect(seen).toEqual([])
  expect(links.linksOf(b)).toEqual([])
  expect(links.watchesOf(c)).toEqual([])
})
