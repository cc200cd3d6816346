import { call } from '../tab.ts'
import type { Stage } from './stage.ts'

/** An honest call that takes longer than this counts as shut out by the attack, in ms. */
const SHUT_OUT_MS = 10_000

/** What honest callers meet while an attack is under way: the owner's page, curl at the gateway, another libp2p peer. */
export interface Look {
  owner?: boolean
  curl?: boolean
  peer?: boolean
  /** Calls of each, one after the other. */
  times?: number
}

/** Calls as honest people do. @returns What went wrong, one sentence each. */
export async function honestCalls(stage: Stage, { owner = true, curl = true, peer = true, times = 3 }: Look = {}) {
  const address = await stage.address('slurp')
  const ways: [string, () => Promise<string | undefined>][] = []
  if (owner) {
    ways.push([
      'the owner',
      async () => answerOf(await call(stage.owner, address.replace(stage.peerId, 'self'), 'four')),
    ])
  }
  if (curl) ways.push(['curl', () => curlCall(new URL(address, stage.relay.url))])
  if (peer)
    ways.push([
      'another peer',
      async () => (await stage.stranger()).call(address, 'four', AbortSignal.timeout(SHUT_OUT_MS)),
    ])
  const broken = await Promise.all(
    ways.map(async ([who, way]) => {
      const wrong: string[] = []
      for (let i = 0; i < times; i++) {
        // oxlint-disable-next-line no-await-in-loop -- one caller calls one after the other
        const said = await inTime(way()).catch((thrown: unknown) => `an error: ${String(thrown)}`)
        if (said !== '4') wrong.push(`${who} got ${said ?? `no answer in ${SHUT_OUT_MS / 1000} s`}`)
      }
      return wrong
    }),
  )
  return broken.flat()
}

function answerOf({ text, code, message }: { text?: string; code?: string; message?: string }): string {
  return text ?? `${code}: ${message}`
}

async function curlCall(url: URL): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: 'four', signal: AbortSignal.timeout(SHUT_OUT_MS) })
  return response.text()
}

async function inTime(answer: Promise<string | undefined>): Promise<string | undefined> {
  const timer = Promise.withResolvers<undefined>()
  const timeout = setTimeout(() => timer.resolve(undefined), SHUT_OUT_MS)
  try {
    return await Promise.race([answer, timer.promise])
  } finally {
    clearTimeout(timeout)
    answer.catch(() => undefined)
  }
}
