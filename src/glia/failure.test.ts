import { describe, expect, test } from 'vitest'
import { chainNameOf } from './chain-name.ts'
import { GliaError } from './errors.ts'
import { endOfStderr, failedCallOf, failedCallWords, MAX_STDERR_BYTES, readFailure } from './failure.ts'
import { newPid } from './pid.ts'
import { addressOf, bytes, makePeer, makeProc, OTHER, type Run, SELF, send } from './test-peer.ts'
import { FRAME } from './session/frames.ts'
import { Session } from './session/session.ts'
import { testChannels } from './session/test-channel.ts'
import { testSessions } from './session/test-peers.ts'
import { readAll } from './stream/web-streams.ts'

const name = (pid: string, peer = SELF): string => chainNameOf(peer, pid).slice(peer.length + 1)
const told = { code: 'ERR_EXITED', message: 'It exited.', exitCode: 3, peer: OTHER, process: name(newPid()) } as const

describe('a failure as others tell it', () => {
  test('keeps all that is valid', () => {
    const failedCall = { code: 'ERR_TRAPPED', peer: SELF, process: name(newPid()) }
    expect(readFailure({ ...told, stderr: 'no money\n', failedCall })?.toJSON()).toEqual({
      ...told,
      stderr: 'no money\n',
      failedCall,
    })
  })

  test.each<[string, object]>([
    ['a peer that is none', { peer: 'nobody' }],
    ['a process without its peer', { peer: undefined }],
    ['a peer of another kind', { peer: 7 }],
  ])('loses %s, and the process with it', (_what, given) => {
    const { peer, process } = readFailure({ ...told, ...given }) ?? {}
    expect([peer, process]).toEqual([undefined, undefined])
  })

  test.each<[string, unknown]>([
    ['a PID', newPid()],
    ['a name with markup', '<b>1234567890123456</b>'],
    ['another kind of value', { a: 1 }],
  ])('loses a process that is %s', (_what, process) => {
    expect(readFailure({ ...told, process })).toMatchObject({ peer: OTHER, process: undefined })
  })

  test.each([7, null, ['x'], '', '\u001b\u0007'])('loses stderr that is %j', (stderr) => {
    expect(readFailure({ ...told, stderr })?.stderr).toBeUndefined()
  })

  test('has a code of a later version as ERR_INTERNAL in a failed call, and no call that is no object', () => {
    expect(readFailure({ ...told, failedCall: { code: 'ERR_NEW', peer: OTHER } })?.failedCall).toMatchObject({
      code: 'ERR_INTERNAL',
      peer: OTHER,
    })
    for (const failedCall of [7, null, 'x', {}, { code: 7 }])
      expect(readFailure({ ...told, failedCall })?.failedCall).toBeUndefined()
  })

  test('tells at most four failed calls, however many come', () => {
    let deep: object = { code: 'ERR_TRAPPED' }
    for (let i = 0; i < 1000; i++) deep = { code: 'ERR_EXITED', exitCode: i, failedCall: deep }
    const read = readFailure({ ...told, failedCall: deep })
    expect(JSON.stringify(read).split('ERR_EXITED')).toHaveLength(1 + 1 + 4)
    const passed = failedCallOf(read ?? new GliaError('ERR_INTERNAL', ''))
    expect(JSON.stringify(passed).split('ERR_EXITED')).toHaveLength(1 + 4)
    expect(failedCallWords({ failedCall: { code: 'ERR_TRAPPED', peer: SELF } })).toBe(
      `Before that, a call of it failed with ERR_TRAPPED at ${SELF}.`,
    )
  })
})

describe('the end of stderr', () => {
  test('is what a terminal may show', () => {
    expect(endOfStderr('\u001b[31mred\u001b[0m\n\ttab\u0000\u202e')).toBe('[31mred[0m\n\ttab')
  })

  test.each(['x', 'ö', '€', '𝄞'])('of a long text of %s has whole characters and its last bytes', (char) => {
    const end = endOfStderr(char.repeat(5000)) ?? ''
    expect(bytes(end).length).toBeGreaterThan(MAX_STDERR_BYTES - 4)
    expect(bytes(end).length).toBeLessThanOrEqual(MAX_STDERR_BYTES)
    expect(end.replaceAll(char, '')).toBe('')
  })
})

/** Writes to stderr, calls something that fails, and fails. */
const failing: Run = async (message) => {
  message.wroteToStderr?.(bytes('x'.repeat(10_000)))
  message.wroteToStderr?.(bytes('looked everywhere\nnothing found'))
  message.callFailed?.(new GliaError('ERR_TRAPPED', `secret ${newPid()}`, { peer: OTHER, stderr: 'secret' }))
  throw new GliaError('ERR_FAILED', 'It returned 2.', { exitCode: 2 })
}

/** What a caller learns of a call over a session. */
async function learned(caller: string, policy: object, run = failing): Promise<GliaError> {
  const { proc } = makeProc(() => run, { policy })
  const { router } = makePeer([proc])
  const { caller: session } = testSessions((stream) => void router.serveStream(stream))
  expect(caller).toBe(OTHER)
  const stream = session.open(addressOf(proc))
  await send(stream)
  const error: unknown = await readAll(stream).catch((thrown: unknown) => thrown)
  if (!(error instanceof GliaError)) throw new TypeError('it did not fail')
  expect([error.peer, error.process]).toEqual([SELF, name(proc.pid)])
  return error
}

describe('what the caller of a process that fails learns over a session', () => {
  test('is where it failed, and which call of it failed before, without words', async () => {
    const error = await learned(OTHER, {})
    expect(error.toJSON()).toMatchObject({ code: 'ERR_FAILED', exitCode: 2, stderr: undefined })
    expect(error.failedCall).toEqual({ code: 'ERR_TRAPPED', peer: OTHER })
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  test.each(['anyone', [OTHER]])('is the end of stderr too, if the policy shows it to %j', async (stderr) => {
    const error = await learned(OTHER, { stderr })
    expect(error.stderr).toMatch(/^x+looked everywhere\nnothing found$/)
    expect(bytes(error.stderr ?? '')).toHaveLength(MAX_STDERR_BYTES)
  })

  test.each(['browser', [], [SELF]])('is no word of stderr, if the policy shows it to %j', async (stderr) => {
    expect((await learned(OTHER, { stderr })).stderr).toBeUndefined()
  })

  test('includes what it wrote before its deadline', async () => {
    const looping: Run = (message) => {
      message.wroteToStderr?.(bytes('step 1'))
      return new Promise<never>(() => undefined)
    }
    expect(await learned(OTHER, { stderr: 'anyone', deadlineMs: 20 }, looping)).toMatchObject({
      code: 'ERR_DEADLINE',
      stderr: 'step 1',
    })
  })
})

test('stderr is shown to a caller only if it may be shown to all for whom it calls', async () => {
  const { proc } = makeProc(() => failing, { policy: { stderr: [OTHER] } })
  const { router } = makePeer([proc])
  const stderrFor = async (onBehalfOf: string[]): Promise<unknown> => {
    const context = { chain: [], onBehalfOf, deadlineAt: undefined }
    const stream = router.open(addressOf(proc), { caller: OTHER, context })
    await send(stream)
    return readAll(stream).catch(({ stderr }: GliaError) => stderr)
  }
  expect(await stderrFor([])).toContain('nothing found')
  expect(await stderrFor([SELF])).toBeUndefined()
})

test('a failure that was passed on keeps the peer where it was made; a way that is not there is told by who looked for it', async () => {
  const failedCall = { code: 'ERR_EXITED', peer: SELF } as const
  const of = { peer: OTHER, process: name(newPid(), OTHER), failedCall }
  const far = new GliaError('ERR_TRAPPED', 'It trapped.', { ...of, stderr: 'shown to this process alone' })
  const { proc } = makeProc(() => async () => Promise.reject(far))
  const { router } = makePeer([proc])
  const failure = async (host: string): Promise<unknown> => {
    const stream = router.open(addressOf(proc, 'run', host), { caller: 'browser' })
    await send(stream)
    return readAll(stream).catch((thrown: unknown) => thrown)
  }
  expect(await failure(SELF)).toMatchObject({ ...of, stderr: undefined })
  expect(await failure(OTHER)).toMatchObject({ code: 'ERR_UNREACHABLE', peer: SELF })
})

test('a peer of an older version, which does not say where it failed, is named itself', async () => {
  const [near, far] = testChannels()
  const caller = new Session({ channel: near, local: OTHER, remote: SELF })
  far.listen({ data: () => undefined, drain: () => undefined, closed: () => undefined })
  const stream = caller.open(addressOf(newPid()))
  await send(stream)
  const status = bytes('{"code":"ERR_TRAPPED","message":"It trapped.","news":1}')
  far.send(Uint8Array.of(status.length + 2, FRAME.FAIL, 1, ...status))
  await expect(readAll(stream)).rejects.toMatchObject({ code: 'ERR_TRAPPED', peer: SELF })
})

test('a failure with all that there is fits into its frame', async () => {
  const stderr = '"\\\n'.repeat(4000)
  let failedCall = failedCallOf(new GliaError('ERR_EXITED', '', { peer: OTHER, process: name(newPid()), exitCode: 9 }))
  for (let i = 0; i < 9; i++) failedCall = failedCallOf({ ...failedCall, failedCall })
  const run: Run = async (message) => {
    message.wroteToStderr?.(bytes(stderr))
    throw new GliaError('ERR_FAILED', '\u0001'.repeat(9000), { exitCode: 2, failedCall })
  }
  const { message, code } = await learned(OTHER, { stderr: 'anyone' }, run)
  expect([code, message.length]).toEqual(['ERR_FAILED', 1001])
})
