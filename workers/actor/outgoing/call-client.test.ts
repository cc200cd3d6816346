import { once } from 'node:events'
import { type MessagePort as NodePort, Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { threadScript } from '../../../src/build/test-thread.ts'
import { ERRNO } from '../../../src/actors/outgoing/call-errno.ts'
import type { Want } from '../../../src/actors/carrier/frames.ts'
import { formatAddress, PROTOCOL } from '../../../src/glia/address.ts'
import { chainNameOf } from '../../../src/glia/chain-name.ts'
import { GliaError } from '../../../src/glia/errors.ts'
import { newPid } from '../../../src/glia/pid.ts'
import type { GivenPolicy } from '../../../src/glia/process/policy.ts'
import type { Proc } from '../../../src/glia/process/proc.ts'
import { addressOf, bytes, echo, makeProc, OTHER, SELF, text, untilAborted } from '../../../src/glia/test-peer.ts'
import type { GuestCall } from '../carrier/guest-call.ts'
import { GuestPort } from '../carrier/guest-port.ts'
import { CallClient } from './call-client.ts'
import { testPage, type TestPage, type TestPageInit } from './test-page.ts'

const TIERS = [
  ['rings', blockingGuest],
  ['JSPI', suspendingGuest],
] as const

const running: TestGuest[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((guest) => guest.stop()))
})

describe.each(TIERS)('on %s', (_tier, makeGuest) => {
  async function start(init?: TestPageInit): Promise<TestPage & { guest: TestGuest }> {
    const page = testPage(init)
    const guest = await makeGuest(page.port)
    running.push(guest)
    return { ...page, guest }
  }

  describe('a file that is opened', () => {
    test('carries the request and the reply, whatever their sizes', async () => {
      const { proc } = makeProc(() => echo)
      const { guest } = await start({ procs: [proc] })
      for (const size of [0, 1, 1_500_000]) {
        const call = await open(guest, `${PROTOCOL}/self/root/run`)
        const request = Uint8Array.from({ length: size }, (_, i) => i * 13)
        await writeAll(call, request)
        await call.end()
        expect(Buffer.compare(await readReply(call), request)).toBe(0)
        await call.close()
      }
    })

    test('is a call for the message that is handled', async () => {
      const { proc } = makeProc(
        () =>
          async ({ context, write }) =>
            write(bytes(context.chain.join(' '))),
      )
      const { guest } = await start({ procs: [proc] })
      const call = await open(guest, pathOf(proc))
      expect(text(await readReply(call))).toBe(`peer/caller ${chainNameOf(SELF, proc.pid)}`)
    })

    test('fails at once if this peer cannot have it, with a line that says why', async () => {
      const { proc } = makeProc(() => echo, { policy: { mailbox: 0 } })
      const { guest, lines } = await start({ procs: [proc] })
      const missing = formatAddress(addressOf(newPid()))
      expect(await guest.open('call', missing)).toBe(ERRNO.NOENT)
      expect(await guest.open('call', pathOf(proc, 'walk'))).toBe(ERRNO.NOENT)
      expect(await guest.open('call', `${PROTOCOL}/someone/root/run`)).toBe(ERRNO.NOENT)
      await open(guest, pathOf(proc))
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.AGAIN)
      expect(lines).toEqual([
        expect.stringMatching(new RegExp(`^${missing}: This peer has no process .* ERR_NO_PROC$`)),
        expect.stringMatching(/ERR_NO_METHOD$/),
        expect.stringMatching(/ERR_BAD_ADDRESS$/),
        expect.stringMatching(/ERR_MAILBOX_FULL$/),
      ])
    })

    test('with a longer path than any address fails, and nobody is asked', async () => {
      const { guest, broken } = await start()
      expect(await guest.open('look', `${PROTOCOL}/${'a/'.repeat(2100)}`)).toBe(ERRNO.NAMETOOLONG)
      expect(broken).toEqual([])
    })

    test('that was refused for a full mailbox after it was opened is busy: EAGAIN would have a poll come back for ever', async () => {
      const reached = Promise.withResolvers<never>()
      const { guest } = await start({ openRemote: () => reached.promise })
      const call = await open(guest, formatAddress(addressOf(newPid(), 'run', OTHER)))
      reached.reject(new GliaError('ERR_MAILBOX_FULL', 'No room.'))
      await expect(readReply(call)).rejects.toThrow(`errno ${ERRNO.BUSY}`)
      await expect(writeAll(call, bytes('x'))).rejects.toThrow(`errno ${ERRNO.BUSY}`)
    })

    test('of which the process fails at once is open all the same', async () => {
      const { proc } = makeProc(() => async () => {
        throw new GliaError('ERR_TRAPPED', 'So it is.')
      })
      const { guest } = await start({ procs: [proc] })
      await expect(readReply(await open(guest, pathOf(proc)))).rejects.toThrow(`errno ${ERRNO.IO}`)
    })

    test('of another peer fails when that has failed', async () => {
      const reached = Promise.withResolvers<never>()
      const { guest, lines } = await start({ openRemote: () => reached.promise })
      const path = formatAddress(addressOf(newPid(), 'run', OTHER))
      const call = await open(guest, path)
      reached.reject(new GliaError('ERR_DENIED', 'No.'))
      await expect(readReply(call)).rejects.toThrow(`errno ${ERRNO.ACCES}`)
      await expect(writeAll(call, bytes('x'))).rejects.toThrow(`errno ${ERRNO.ACCES}`)
      expect(lines).toEqual([`${path}: No. ERR_DENIED`])
    })

    test.each([
      ['ERR_DEADLINE', ERRNO.TIMEDOUT],
      ['ERR_UNREACHABLE', ERRNO.HOSTUNREACH],
      ['ERR_TRAPPED', ERRNO.IO],
    ] as const)('gives %s as an errno', async (code, errno) => {
      const { proc } = makeProc(() => async ({ read }) => {
        await read()
        throw new GliaError(code, 'So it is.')
      })
      const { guest, lines } = await start({ procs: [proc] })
      const call = await open(guest, pathOf(proc))
      await call.end()
      await expect(readReply(call)).rejects.toThrow(`errno ${errno}`)
      expect(lines).toEqual([`${pathOf(proc)}: So it is. ${code}`])
    })

    test.each([
      ['before the file is open', false],
      ['later', true],
    ])(
      'gives all that a program wrote before it exited with another code than 0, and then EIO: %s',
      async (_, waits) => {
        const output = new Uint8Array(400_000).fill(7)
        const { proc } = makeProc(() => async ({ read, write }) => {
          if (waits) await read()
          await write(output)
          throw new GliaError('ERR_EXITED', 'It exited with code 3.', { exitCode: 3 })
        })
        const { guest, lines } = await start({ procs: [proc] })
        const call = await open(guest, pathOf(proc))
        await call.end()
        let count = 0
        const readAll = async (): Promise<void> => {
          for (;;) {
            const chunk = await call.read(100_000)
            if (typeof chunk === 'number') throw new Error(`errno ${-chunk}`)
            if (chunk.length === 0) return
            count += chunk.length
          }
        }
        await expect(readAll()).rejects.toThrow(`errno ${ERRNO.IO}`)
        expect(count).toBe(output.length)
        expect(lines).toEqual([`${pathOf(proc)}: It exited with code 3. ERR_EXITED`])
      },
    )

    test('ends as ever where the policy accepts the exit code', async () => {
      const exits = async (): Promise<void> => {
        throw new GliaError('ERR_EXITED', 'It exited with code 1.', { exitCode: 1 })
      }
      const { proc } = makeProc(() => exits, { policy: { okExits: [1] } })
      const { guest, lines } = await start({ procs: [proc] })
      expect(text(await readReply(await open(guest, pathOf(proc))))).toBe('')
      expect(lines).toEqual([])
    })

    test('is refused by a process that waits for this one', async () => {
      const { proc } = makeProc(() => echo)
      const { guest, message } = await start({ procs: [proc] })
      Object.assign(message, {
        context: { chain: [chainNameOf(SELF, proc.pid)], onBehalfOf: [], deadlineAt: undefined },
      })
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.DEADLK)
    })

    test('takes no more when nobody reads its request, and its reply stands', async () => {
      const { proc } = makeProc(
        () =>
          ({ write }) =>
            write(bytes('no need')),
      )
      const { guest } = await start({ procs: [proc] })
      const call = await open(guest, pathOf(proc))
      expect(text(await readReply(call))).toBe('no need')
      await expect(writeAll(call, new Uint8Array(1_000_000))).rejects.toThrow('errno 64')
    })

    test('cancels what is left when it is closed', async () => {
      const begun = Promise.withResolvers<void>()
      const rest = Promise.withResolvers<Uint8Array | null>()
      const { proc } = makeProc(() => async ({ read }) => {
        expect(await read()).toEqual(bytes('begun'))
        begun.resolve()
        const reading = read()
        reading.then(rest.resolve, rest.reject)
        await reading
      })
      const { guest, lines } = await start({ procs: [proc] })
      const call = await open(guest, pathOf(proc))
      await writeAll(call, bytes('begun'))
      await begun.promise
      // Never as its end: half a request is no request.
      await Promise.all([expect(rest.promise).rejects.toMatchObject({ code: 'ERR_ABORTED' }), call.close()])
      expect(lines).toEqual([])
    })

    test('leaves its place to others when it is closed', async () => {
      const { proc } = makeProc(() => echo)
      const { guest, lines } = await start({ procs: [proc], maxCalls: 1 })
      const call = await open(guest, pathOf(proc))
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.MFILE)
      expect(lines).toEqual([`${pathOf(proc)}: 1 call is open already: close one first.`])
      await call.close()
      await open(guest, pathOf(proc))
    })
  })

  describe('whose rights a call has', () => {
    const friends = { policy: { callers: [OTHER] } }
    const onBehalfOf = [SELF, '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp']

    test('those of who sent the message, where it is called for its caller', async () => {
      const { proc } = makeProc(() => echo, friends)
      const { guest } = await start({ procs: [proc], onBehalfOf, policy: { call: 'caller' } })
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.ACCES)
      const friendly = await start({ procs: [proc], onBehalfOf: [OTHER], policy: { call: 'caller' } })
      await open(friendly.guest, pathOf(proc))
    })

    test('those of this browser, where it is called for its owner', async () => {
      const { proc } = makeProc(() => echo, friends)
      const { guest } = await start({ procs: [proc], onBehalfOf, policy: { call: 'owner' } })
      expect(await guest.open('call', pathOf(proc))).not.toBe(ERRNO.ACCES)
    })

    test('none but for the addresses that the policy names, and nobody is asked about others', async () => {
      const { proc } = makeProc(() => echo, { methods: ['run', 'walk'] })
      const { guest, lines } = await start({ procs: [proc], policy: { callTo: ['/ww/0.1.0/self/root/run'] } })
      await open(guest, pathOf(proc))
      expect(await guest.open('call', pathOf(proc, 'walk'))).toBe(ERRNO.ACCES)
      expect(await guest.open('call', `${PROTOCOL}/${OTHER}/root/run`)).toBe(ERRNO.ACCES)
      expect(lines).toEqual([1, 2].map(() => expect.stringMatching(/callTo\). ERR_DENIED$/) as unknown))
    })

    test('none from the moment that the policy takes it away', async () => {
      const { proc } = makeProc(() => echo)
      const policy: GivenPolicy = { call: 'caller' }
      const { guest } = await start({ procs: [proc], policy })
      await open(guest, pathOf(proc))
      policy.call = 'off'
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.ACCES)
      expect(await guest.open('names', `${PROTOCOL}/self`)).toBe(ERRNO.ACCES)
    })
  })

  describe('the end of a message', () => {
    test('ends its calls', async () => {
      const { proc } = makeProc(() => echo)
      const { guest, end } = await start({ procs: [proc] })
      const call = await open(guest, pathOf(proc))
      const reading = readReply(call)
      await end()
      await expect(reading).rejects.toThrow(`errno ${ERRNO.CANCELED}`)
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.NOTSUP)
    })

    test('by its deadline is a deadline for them', async () => {
      const { proc } = makeProc(() => echo)
      const { guest, abort } = await start({ procs: [proc] })
      const call = await open(guest, pathOf(proc))
      const reading = readReply(call)
      abort(new GliaError('ERR_DEADLINE', 'Too late.'))
      await expect(reading).rejects.toThrow(`errno ${ERRNO.TIMEDOUT}`)
      expect(await guest.open('call', pathOf(proc))).toBe(ERRNO.CANCELED)
    })
  })

  describe('a directory', () => {
    const names = async (guest: TestGuest, path: string): Promise<string[] | number> => {
      const opened = await guest.open('names', path)
      if (typeof opened === 'number') return opened
      const all = text(await readReply(opened))
      await opened.close()
      return all === '' ? [] : all.split('\n')
    }

    test('lists hosts, processes and methods', async () => {
      const [root, other] = [makeProc(() => echo).proc, makeProc(() => echo, { methods: ['walk', 'run'] }).proc]
      const { guest } = await start({ procs: [root, other], maxCalls: 0 })
      expect(await names(guest, PROTOCOL)).toEqual(['self', OTHER])
      expect(await names(guest, `${PROTOCOL}/self`)).toEqual(['root', other.pid])
      expect(await names(guest, `${PROTOCOL}/${SELF}/root`)).toEqual(['run'])
      expect(await names(guest, `${PROTOCOL}/self/${other.pid}`)).toEqual(['walk', 'run'])
      expect(await names(guest, `${PROTOCOL}/${OTHER}`)).toEqual(['root'])
      expect(await names(guest, `${PROTOCOL}/${OTHER}/root`)).toEqual([])
      for (const none of ['/ww', '/elsewhere', `${PROTOCOL}/nobody`, `${PROTOCOL}/self/${newPid()}`]) {
        expect(await names(guest, none)).toBe(ERRNO.NOENT)
      }
    })

    test('names to a message of another peer what is listed, and what it may call', async () => {
      const policy = { methods: { reset: { callers: 'browser' } } } as const
      const methods = ['run', 'reset']
      const [root, hidden] = [makeProc(() => echo).proc, makeProc(() => echo, { methods, policy }).proc]
      const listed = makeProc(() => echo, { methods, policy: { ...policy, listed: true } }).proc
      const closed = makeProc(() => echo, { policy: { callers: 'browser', listed: true } }).proc
      const procs = [root, hidden, listed, closed]
      for (const call of ['caller', 'owner'] as const) {
        const { guest } = await start({ procs, onBehalfOf: [OTHER], policy: { call } })
        expect(await names(guest, `${PROTOCOL}/self`)).toEqual(['root', listed.pid])
        expect(await names(guest, `${PROTOCOL}/self/${listed.pid}`)).toEqual(['run'])
        // A process that names a PID has it.
        expect(await names(guest, `${PROTOCOL}/self/${hidden.pid}`)).toEqual(['run'])
        expect(await names(guest, `${PROTOCOL}/self/${closed.pid}`)).toBe(ERRNO.NOENT)
      }
      const { guest } = await start({ procs })
      expect(await names(guest, `${PROTOCOL}/self`)).toEqual(['root', hidden.pid, listed.pid, closed.pid])
    })

    test('of another peer has what that one lists', async () => {
      const pid = newPid()
      const { guest } = await start({ listed: [{ pid, name: 'counter', methods: ['value'] }] })
      expect(await names(guest, `${PROTOCOL}/${OTHER}`)).toEqual(['root', pid])
      expect(await names(guest, `${PROTOCOL}/${OTHER}/${pid}`)).toEqual(['value'])
      expect(await names(guest, `${PROTOCOL}/${OTHER}/${newPid()}`)).toEqual([])
    })

    test('has what the process may call, and no more', async () => {
      const [root, other] = [makeProc(() => echo).proc, makeProc(() => echo, { methods: ['walk', 'run'] }).proc]
      const { guest } = await start({ procs: [root, other], policy: { callTo: ['/ww/0.1.0/self/*/walk'] } })
      expect(await names(guest, PROTOCOL)).toEqual(['self'])
      expect(await names(guest, `${PROTOCOL}/self`)).toEqual([other.pid])
      expect(await names(guest, `${PROTOCOL}/self/${other.pid}`)).toEqual(['walk'])
      expect(await names(guest, `${PROTOCOL}/${OTHER}`)).toEqual([])
    })

    test('says whether there is a method, without calling it', async () => {
      const { proc, count } = makeProc(() => echo)
      const { guest, lines } = await start({ procs: [proc] })
      const look = async (path: string): Promise<number> => {
        const opened = await guest.open('look', path)
        if (typeof opened === 'number') return opened
        await opened.close()
        return 0
      }
      expect(await look(pathOf(proc))).toBe(0)
      expect(await look(formatAddress(addressOf(newPid(), 'run', OTHER)))).toBe(0)
      expect(await look(pathOf(proc, 'walk'))).toBe(ERRNO.NOENT)
      expect(await look(`${pathOf(proc)}/more`)).toBe(ERRNO.NOENT)
      expect(count.started).toBe(0)
      expect(lines).toEqual([])
    })
  })

  test('a guest does not write more than there is room for', async () => {
    const { proc } = makeProc(() => untilAborted)
    const { guest, end } = await start({ procs: [proc] })
    const call = await open(guest, pathOf(proc))
    const part = new Uint8Array(500_000)
    expect(await call.writeNow(part)).toBeGreaterThan(0)
    expect(await call.writeNow(part)).toBe(-ERRNO.AGAIN)
    const waiting = call.write(part)
    await end()
    expect(await waiting).toBe(-ERRNO.CANCELED)
  })
})

describe('without a way to wait', () => {
  test('no file is opened, and the log says why', () => {
    const lines: string[] = []
    const { port1 } = new MessageChannel()
    const client = new CallClient({
      port: new GuestPort(port1, false),
      tier: 'buffered',
      log: (line) => lines.push(line),
    })
    expect(client.open('call', `${PROTOCOL}/self/root/run`)).toBe(ERRNO.NOTSUP)
    expect(lines).toEqual([expect.stringMatching(/^\/ww\/0\.1\.0\/self\/root\/run: This browser can neither .*\n$/)])
    port1.close()
  })
})

async function open(guest: TestGuest, path: string): Promise<TestCall> {
  const opened = await guest.open('call', path)
  if (typeof opened === 'number') throw new Error(`errno ${opened}`)
  return opened
}

async function writeAll(call: TestCall, source: Uint8Array): Promise<void> {
  for (let done = 0; done < source.length;) {
    const count = await call.write(source.subarray(done))
    if (count <= 0) throw new Error(`errno ${-count}`)
    done += count
  }
}

async function readReply(call: TestCall): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = await call.read(10_000)
    if (typeof chunk === 'number') throw new Error(`errno ${-chunk}`)
    if (chunk.length === 0) return Buffer.concat(chunks)
    chunks.push(chunk)
  }
}

function pathOf(proc: Proc, method = 'run'): string {
  return formatAddress(addressOf(proc, method))
}

/** A guest's call. Negative counts are errnos. */
interface TestCall {
  read(bytes: number): Promise<Uint8Array | number>
  write(source: Uint8Array): Promise<number>
  writeNow(source: Uint8Array): Promise<number>
  end(): Promise<void>
  close(): Promise<void>
}

interface TestGuest {
  /** @returns the call, or the errno of the refusal. */
  open(want: Want, path: string): Promise<TestCall | number>
  stop(): Promise<void>
}

/** A guest that is suspended when it waits. */
function suspendingGuest(port: MessagePort): TestGuest {
  const client = new CallClient({ port: new GuestPort(port, true), tier: 'JSPI', log: () => undefined })
  return {
    open: async (want, path) => {
      const opened = await client.open(want, path)
      return typeof opened === 'number' ? opened : callOf(opened)
    },
    stop: async () => port.close(),
  }
}

function callOf(call: GuestCall): TestCall {
  return {
    read: async (size) => {
      const target = new Uint8Array(size)
      const count = await call.read(target)
      return count < 0 ? count : target.subarray(0, count)
    },
    write: async (source) => call.write(source),
    writeNow: async (source) => call.writeNow(source),
    end: async () => call.end(),
    close: async () => call.close(),
  }
}

/** The thread's work for a request: `[number of the call, what to do, argument]`. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { port } = workerData
  const client = new exports.CallClient({ port: new exports.GuestPort(port, false), tier: 'rings', log() {} })
  const calls = new Map()
  const run = ([id, what, given]) => {
    if (what === 'open') {
      const opened = client.open(given.want, given.path)
      if (typeof opened === 'number') return opened
      calls.set(id, opened)
      return 0
    }
    const call = calls.get(id)
    if (what !== 'read') return call[what](given)
    const target = new Uint8Array(given)
    const count = call.read(target)
    return count < 0 ? count : target.slice(0, count)
  }
  parentPort.on('message', (request) => parentPort.postMessage(run(request)))`

let script: Promise<string> | undefined

test('a worker that sends what is no message is ended: its guest may wait for an answer', async () => {
  const { port, broken } = testPage()
  port.postMessage({ type: 'open', id: 1, want: 'call', path: 7 })
  await expect.poll(() => broken).toEqual([expect.any(TypeError)])
  port.close()
})

/** A guest that blocks its thread when it waits. */
async function blockingGuest(port: MessagePort): Promise<TestGuest> {
  script ??= threadScript(new URL('test-guest-entry.ts', import.meta.url), THREAD)
  const nodePort = port as unknown as NodePort
  const worker = new Worker(await script, { eval: true, workerData: { port: nodePort }, transferList: [nodePort] })
  let lastId = 0
  let answered: Promise<unknown> = Promise.resolve()
  // One after the other, in the order of the thread.
  const ask = (id: number, what: string, given?: unknown): Promise<unknown> => {
    const answer = answered.then(async () => {
      worker.postMessage([id, what, given])
      return (await once(worker, 'message'))[0] as unknown
    })
    answered = answer
    return answer
  }
  return {
    open: async (want, path) => {
      const id = ++lastId
      const errno = (await ask(id, 'open', { want, path })) as number
      if (errno > 0) return errno
      return {
        read: async (size) => (await ask(id, 'read', size)) as Uint8Array | number,
        write: async (source) => (await ask(id, 'write', source)) as number,
        writeNow: async (source) => (await ask(id, 'writeNow', source)) as number,
        end: async () => void (await ask(id, 'end')),
        close: async () => void (await ask(id, 'close')),
      }
    },
    stop: async () => void (await worker.terminate()),
  }
}
