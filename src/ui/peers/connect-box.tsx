import { ErrorLine } from '../kit/error-line.tsx'
import type { TabModel } from '../model.ts'
import { LINK, readHash } from '../route.ts'
import { goTo } from '../router.ts'
import type { PeersState } from './peers-state.ts'
import { useWait } from '../kit/use-wait.ts'

/** How long the row of a new peer is highlighted, in ms. */
const FOUND_MS = 5000

/** Connects to a multiaddr, a peer id or a join link. */
export function ConnectBox({ model, state }: { model: TabModel; state: PeersState }) {
  const { text, attempt, found } = state
  const wait = useWait(attempt.since.value)
  const connect = async (signal: AbortSignal): Promise<void> => {
    const hash = text.value.trim().replace(/^[^#]*/, '')
    // A link to a process or a module has a page of its own.
    if (readHash(hash).view === LINK) return goTo(hash)
    const peerId = await model.connect(text.value.trim(), signal)
    text.value = ''
    found.value = peerId
    setTimeout(() => found.value === peerId && (found.value = undefined), FOUND_MS)
  }
  return (
    <section class="panel connect" aria-label="Connect">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (text.value.trim()) void attempt.run(connect)
        }}
      >
        <label for="connect-to">Connect to a multiaddr or a join link</label>
        <div class="row">
          <input
            id="connect-to"
            class="input grow"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            enterkeyhint="go"
            placeholder="/dns4/relay.example/tcp/443/wss/p2p/12D3…"
            aria-invalid={attempt.error.value !== undefined}
            value={text.value}
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value
              attempt.error.value = undefined
            }}
          />
          <button type="submit" class="button main">
            Connect
          </button>
        </div>
        {wait !== 'short' && (
          <div class="row wait">
            <span role="status">Connecting…</span>
            <progress aria-label="Connecting" />
            {wait === 'long' && (
              <button type="button" class="button" onClick={() => attempt.cancel()}>
                Cancel
              </button>
            )}
          </div>
        )}
        <ErrorLine error={attempt.error.value} />
      </form>
    </section>
  )
}
