import { expect, test } from 'vitest'
import { isTarget, mayReach } from './call-targets.ts'
import { newPid, systemPid } from '../pid.ts'
import { OTHER, SELF } from '../test-peer.ts'

const PID = newPid()
const aliases = { self: SELF, root: newPid() }

test.each([
  ['any', `/ww/0.1.0/${OTHER}/${PID}/run`, true],
  [[], '/ww/0.1.0/self/root/echo', false],
  [['/ww/0.1.0/self/root/echo'], '/ww/0.1.0/self/root/echo', true],
  [['/ww/0.1.0/self/root/echo'], '/ww/0.1.0/self/root/about', false],
  // An alias stands for the same on both sides.
  [['/ww/0.1.0/self/root/echo'], `/ww/0.1.0/${SELF}/${aliases.root}/echo`, true],
  [[`/ww/0.1.0/${SELF}/${aliases.root}/echo`], '/ww/0.1.0/self/root/echo', true],
  [['/ww/0.1.0/self/*/echo'], `/ww/0.1.0/self/${PID}/echo`, true],
  [['/ww/0.1.0/self/*/echo'], `/ww/0.1.0/${OTHER}/${PID}/echo`, false],
  [['/ww/0.1.0/*/root/*'], `/ww/0.1.0/${OTHER}/root/about`, true],
  [['/ww/0.1.0/*/root/*'], `/ww/0.1.0/${OTHER}/${PID}/about`, false],
  [['/ww/0.1.0/self/sys/remind'], `/ww/0.1.0/${SELF}/${systemPid(SELF)}/remind`, true],
  [['/ww/0.1.0/self/sys/remind'], '/ww/0.1.0/self/sys/spawn', false],
  [['/ww/0.1.0/*/sys/*'], `/ww/0.1.0/${OTHER}/sys/list`, true],
  // The root process of another peer has another PID.
  [[`/ww/0.1.0/${OTHER}/root/run`], `/ww/0.1.0/${OTHER}/${aliases.root}/run`, false],
  [['/ww/0.1.0/*/*/*'], '/ww/0.1.0/self/root', false],
  [['/ww/0.1.0/*/*/*'], '/tmp/self/root/echo', false],
] as const)('with targets %o, %s may be called: %s', (targets, path, expected) => {
  expect(isTarget(targets, path, aliases)).toBe(expected)
})

test('a peer or a process is reached if some method of it may be called', () => {
  const targets = [`/ww/0.1.0/${OTHER}/${PID}/run`]
  expect(mayReach(targets, { host: OTHER }, aliases)).toBe(true)
  expect(mayReach(targets, { host: SELF }, aliases)).toBe(false)
  expect(mayReach(targets, { host: OTHER, proc: PID }, aliases)).toBe(true)
  expect(mayReach(targets, { host: OTHER, proc: newPid() }, aliases)).toBe(false)
})
