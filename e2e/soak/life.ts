/** Modules of test guests that the lives are made of. */
export interface SoakModules {
  trouble: Uint8Array<ArrayBuffer>
  duplex: Uint8Array<ArrayBuffer>
  diary: Uint8Array<ArrayBuffer>
  ask: Uint8Array<ArrayBuffer>
  greedy: Uint8Array<ArrayBuffer>
}

export interface Lived {
  /** Deeds by what they were, and how often. */
  deeds: Record<string, number>
  /** What came out otherwise than it has to. */
  wrong: string[]
}

/**
 * Lives lives one after the other for a while: processes are made, called in all ways, made to end in all ways, and killed, now and
 * then in the middle of a call. Which and in what order hangs on the seed. Sent to the page by itself.
 */
export async function live({ modules, seed, ms }: { modules: SoakModules; seed: number; ms: number }): Promise<Lived> {
  const until = performance.now() + ms
  const deeds: Record<string, number> = {}
  const wrong: string[] = []
  let state = seed >>> 0
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const addressOf = (pid: string, method: string): string => `/ww/0.1.0/self/${pid}/${method}`
  /** Does it and sees that it ends as it has to: with this text, or with one of these codes. */
  const does = async (deed: string, pending: Promise<Uint8Array | string>, ...right: string[]): Promise<void> => {
    deeds[deed] = (deeds[deed] ?? 0) + 1
    const { text, code, message } = await tools.outcome(pending)
    const outcome = code ?? text ?? ''
    if (!right.includes(outcome)) wrong.push(`${deed}: ${outcome.slice(0, 100)} ${message ?? ''}`)
  }
  const http = async (pid: string): Promise<string> => {
    const response = await fetch(addressOf(pid, 'slurp'), { method: 'POST', body: 'hello' })
    return response.text()
  }
  const giveUp = async (pid: string): Promise<string> => {
    const stream = await glia.open(addressOf(pid, 'prompt'))
    await stream.write(tools.pattern(100_000))
    await stream.read()
    stream.abort(new Error('enough'))
    return ''
  }
  const echo = async (): Promise<string> => String(await tools.echo(addressOf('root', 'echo'), 1024 * 1024))

  const lives: Record<keyof SoakModules, (pid: string) => (() => Promise<void>)[]> = {
    trouble: (pid) => [
      () => does('call', glia.call(addressOf(pid, 'slurp'), 'hello'), '5'),
      () => does('HTTP call', http(pid), '5'),
      () => does('trap', glia.call(addressOf(pid, 'trap')), 'ERR_TRAPPED'),
      () => does('trap in the middle of a reply', glia.call(addressOf(pid, 'late_trap')), 'ERR_TRAPPED'),
      () => does('exit', glia.call(addressOf(pid, 'exit3')), 'ERR_EXITED'),
      () =>
        does(
          'restart',
          glia.restart(pid).then(() => ''),
          '',
        ),
    ],
    duplex: (pid) => [
      () => does('echo of 1 MiB', echo(), '1048576'),
      () => does('call given up', giveUp(pid), ''),
      () =>
        does(
          'swap',
          glia.swap(pid, modules.duplex).then(() => ''),
          '',
        ),
    ],
    diary: (pid) => [
      () => does('file written', glia.call(addressOf(pid, 'note'), 'a line'), ''),
      () =>
        does(
          'files given',
          glia.importFiles(pid, { 'lib/given': 'a line' }).then(() => ''),
          '',
        ),
      () => does('trap after a file', glia.call(addressOf(pid, 'trap')), 'ERR_TRAPPED'),
      () =>
        does(
          'swap with files',
          glia.swap(pid, modules.diary).then(() => ''),
          '',
        ),
    ],
    ask: (pid) => [
      () => does('call by file', glia.call(addressOf(pid, 'ask'), 'ww/0.1.0/self/root/echo\nhello'), 'hello'),
    ],
    greedy: (pid) => [() => does('out of memory', glia.call(addressOf(pid, 'fill')), 'ERR_OUT_OF_MEMORY')],
  }

  const lifeOf = async (name: keyof SoakModules): Promise<void> => {
    deeds['spawn'] = (deeds['spawn'] ?? 0) + 1
    // As many ends as come: it is to come back each time.
    const restart = { intensity: 1000 }
    const policy = { call: true, evict: true, deadlineMs: 5000, maxMemoryBytes: 2 ** 22 }
    const pid = await glia.spawn(modules[name], { name, restart, policy })
    const own = lives[name](pid)
    // Few of them end it: each end in a row makes it wait longer.
    for (let left = 1 + below(5); left > 0; left--) await own[below(own.length)]?.()
    const isBusy = below(4) === 0 && name === 'trouble'
    const late = isBusy
      ? does('kill in the middle of a call', glia.call(addressOf(pid, 'spin')), 'ERR_PROC_STOPPED')
      : undefined
    await glia.kill(pid)
    await late
  }

  const names = Object.keys(modules) as (keyof SoakModules)[]
  while (performance.now() < until) {
    try {
      await lifeOf(names[below(names.length)] ?? 'trouble')
    } catch (thrown) {
      wrong.push(String(thrown))
    }
  }
  return { deeds, wrong }
}
