import { expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import { Mailbox } from './mailbox.ts'

const never = new AbortController().signal

test('the first gets its turn at once, and the others in the order they came', async () => {
  const mailbox = new Mailbox(10)
  const order: number[] = []
  const leaveFirst = await mailbox.enter(never)
  const others = [1, 2, 3].map(async (n) => {
    const leave = await mailbox.enter(never)
    order.push(n)
    leave()
  })
  expect(mailbox.waiting).toBe(3)
  expect(order).toEqual([])
  leaveFirst()
  await Promise.all(others)
  expect(order).toEqual([1, 2, 3])
  expect(mailbox.waiting).toBe(0)
})

test('only one has its turn at a time', async () => {
  const mailbox = new Mailbox(10)
  const leave = mailbox.tryEnter()
  expect(leave).toBeTypeOf('function')
  expect(mailbox.tryEnter()).toBeUndefined()
  leave?.()
  expect(mailbox.tryEnter()).toBeTypeOf('function')
})

test('a newcomer does not slip in before one that waits', async () => {
  const mailbox = new Mailbox(10)
  const leave = await mailbox.enter(never)
  const waiting = mailbox.enter(never)
  leave()
  expect(mailbox.tryEnter()).toBeUndefined()
  ;(await waiting)()
  expect(mailbox.tryEnter()).toBeTypeOf('function')
})

test('as many may wait as it has room for, and one more is refused', async () => {
  const mailbox = new Mailbox(2)
  await mailbox.enter(never)
  void mailbox.enter(never)
  void mailbox.enter(never)
  await expect(mailbox.enter(never)).rejects.toMatchObject({ code: 'ERR_MAILBOX_FULL' })
  expect(mailbox.waiting).toBe(2)
})

test('with room for none, it still lets one in', async () => {
  const mailbox = new Mailbox(0)
  const leave = await mailbox.enter(never)
  await expect(mailbox.enter(never)).rejects.toMatchObject({ code: 'ERR_MAILBOX_FULL' })
  leave()
  await expect(mailbox.enter(never)).resolves.toBeTypeOf('function')
})

test('who gives up leaves the queue, and the next in line is not skipped', async () => {
  const mailbox = new Mailbox(2)
  const leave = await mailbox.enter(never)
  const aborter = new AbortController()
  const gaveUp = mailbox.enter(aborter.signal)
  const patient = mailbox.enter(never)
  aborter.abort(new GliaError('ERR_ABORTED', 'enough'))
  await expect(gaveUp).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  expect(mailbox.waiting).toBe(1)
  leave()
  await expect(patient).resolves.toBeTypeOf('function')
})

test('who has given up already does not get in', async () => {
  const mailbox = new Mailbox(2)
  await expect(mailbox.enter(AbortSignal.abort(new GliaError('ERR_ABORTED', 'enough')))).rejects.toThrow('enough')
  expect(mailbox.tryEnter()).toBeTypeOf('function')
})

test('giving up after the turn has come changes nothing', async () => {
  const mailbox = new Mailbox(2)
  const leave = await mailbox.enter(never)
  const aborter = new AbortController()
  const waiting = mailbox.enter(aborter.signal)
  leave()
  aborter.abort(new GliaError('ERR_ABORTED', 'too late'))
  ;(await waiting)()
  expect(mailbox.tryEnter()).toBeTypeOf('function')
})

test('all who wait can be sent away, and who has the turn keeps it', async () => {
  const mailbox = new Mailbox(2)
  const leave = await mailbox.enter(never)
  const waiting = [mailbox.enter(never), mailbox.enter(never)]
  mailbox.refuseWaiting(new GliaError('ERR_PROC_STOPPED', 'closed'))
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
  expect(mailbox.waiting).toBe(0)
  expect(mailbox.tryEnter()).toBeUndefined()
  leave()
  expect(mailbox.tryEnter()).toBeTypeOf('function')
})

test('those who come after others were remembered are not sent away with them', async () => {
  const mailbox = new Mailbox(8)
  const leave = await mailbox.enter(never)
  const early = mailbox.enter(never)
  const refuse = mailbox.whoWaits()
  const late = mailbox.enter(never)
  refuse(new GliaError('ERR_PROC_STOPPED', 'stopped'))
  await expect(early).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
  expect(mailbox.waiting).toBe(1)
  leave()
  await expect(late).resolves.toBeTypeOf('function')
})

test('the owner goes first, has always room, and does not count as a message', async () => {
  const mailbox = new Mailbox(1)
  const leave = await mailbox.enter(never)
  const order: string[] = []
  const enter = async (who: string, entering: Promise<() => void>): Promise<void> => {
    const leaveNext = await entering
    order.push(who)
    leaveNext()
  }
  const all = [
    enter('message', mailbox.enter(never)),
    enter('first swap', mailbox.enterFirst(never)),
    enter('second swap', mailbox.enterFirst(never)),
  ]
  expect(mailbox.waiting).toBe(1)
  await expect(mailbox.enter(never)).rejects.toMatchObject({ code: 'ERR_MAILBOX_FULL' })
  leave()
  await Promise.all(all)
  expect(order).toEqual(['first swap', 'second swap', 'message'])
  expect(mailbox.free).toBe(true)
})

test('an act that is given up as its turn comes takes no place of another', async () => {
  const mailbox = new Mailbox(10)
  const leave = await mailbox.enter(never)
  const aborter = new AbortController()
  const [first, second] = [mailbox.enterFirst(aborter.signal), mailbox.enterFirst(never)]
  leave()
  aborter.abort()
  ;(await first)()
  await expect(second).resolves.toBeTypeOf('function')
})

test('the owner is not sent away with the messages, and may give up', async () => {
  const mailbox = new Mailbox(1)
  const leave = await mailbox.enter(never)
  const aborter = new AbortController()
  const gaveUp = mailbox.enterFirst(aborter.signal)
  const patient = mailbox.enterFirst(never)
  mailbox.refuseWaiting(new GliaError('ERR_PROC_STOPPED', 'stopped'))
  aborter.abort(new GliaError('ERR_ABORTED', 'enough'))
  await expect(gaveUp).rejects.toThrow('enough')
  expect(mailbox.free).toBe(false)
  leave()
  ;(await patient)()
  expect(mailbox.free).toBe(true)
})
