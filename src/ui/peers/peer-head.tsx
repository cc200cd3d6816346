import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { PeerInfo } from '../../mesh/presence/peer-info.ts'
import { Attempt } from '../kit/attempt.ts'
import { clock } from '../kit/clock.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatCount, formatMs, shortId } from '../kit/format.ts'
import { Identicon } from '../kit/identicon.tsx'
import { NameText } from '../kit/peer-name.tsx'
import { nameOfPeer, namesakesOf } from '../kit/peer-names.ts'
import { useWait } from '../kit/use-wait.ts'
import type { TabModel } from '../model.ts'
import { Figure } from '../kit/figure.tsx'
import { hashOf } from '../route.ts'
import type { LivePeer } from './live-peer.ts'
import { stateWords } from './peer-words.ts'

export interface PeerHeadProps {
  model: TabModel
  id: string
  /** Undefined: no list has the peer now. */
  info: PeerInfo | undefined
  live: LivePeer
  blockedSince: number | undefined
}

/** Who a peer is, how it stands, and what can be done with it. */
export function PeerHead({ model, id, info, live, blockedSince }: PeerHeadProps) {
  const detail = live.detail.value
  const connections = detail?.connections ?? []
  const { dot, text } = stateWords({ info, detail, silentSince: live.silentSince.value, blockedSince }, clock.value)
  const name = nameOfPeer(id)
  const rates = live.rates.value
  const isConnected = connections.length > 0
  return (
    <div class="process-head">
      <div class="process-who">
        <a href={hashOf('peers')}>Peers</a>
        <span class="big-identicon">
          <Identicon text={id} />
        </span>
        <h2>{name ? <NameText id={id} /> : <span class="mono">{shortId(id)}</span>}</h2>
        <CopyButton class="id-button" text={id} label={`Copy peer id ${id}`} shown={shortId(id)}>
          <span class="mono soft">{shortId(id)}</span>
        </CopyButton>
        <span class="state">
          <span class={`dot ${dot}`} />
          <span>
            {text} {info?.relay && <span class="tag">relay</span>}
          </span>
        </span>
      </div>
      <dl class="figures process-figures">
        <Figure
          name="Latency"
          value={formatMs(isConnected ? (live.samples.value.at(-1)?.ms ?? info?.latencyMs) : undefined)}
        />
        <Figure
          name="Streams"
          value={isConnected ? formatCount(connections.reduce((sum, { streams }) => sum + streams.length, 0)) : '–'}
        />
        <Figure name="In" value={rates ? `${formatBytes(Math.round(rates.received))}/s` : '–'} />
        <Figure name="Out" value={rates ? `${formatBytes(Math.round(rates.sent))}/s` : '–'} />
      </dl>
      <Actions
        model={model}
        id={id}
        isRelay={info?.relay ?? false}
        isConnected={isConnected}
        isBlocked={blockedSince !== undefined}
      />
      <Announced id={id} announced={info?.name} />
    </div>
  )
}

interface ActionsProps {
  model: TabModel
  id: string
  isRelay: boolean
  isConnected: boolean
  isBlocked: boolean
}

function Actions({ model, id, isRelay, isConnected, isBlocked }: ActionsProps) {
  const attempt = useMemo(() => new Attempt(), [])
  const ping = useMemo(() => new Attempt(), [])
  const answer = useSignal('')
  const wait = useWait(attempt.since.value)
  const isBusy = attempt.since.value !== undefined
  const isUp = isConnected && !isBlocked
  useEffect(() => {
    // The answer came over a connection that is gone.
    if (!isUp) answer.value = ''
  }, [isUp])
  const pingNow = async (signal: AbortSignal): Promise<void> => {
    answer.value = ''
    if (!isConnected) await model.connect(id, signal)
    answer.value = `answered in ${formatMs(await model.ping(id, signal))}`
  }
  return (
    <>
      <div class="row process-actions">
        {!isBlocked && (
          <button
            type="button"
            class="button"
            aria-disabled={ping.since.value !== undefined}
            title="Connects if need be, and measures the time there and back"
            onClick={() => void ping.run(pingNow)}
          >
            Ping
          </button>
        )}
        {!isBlocked &&
          (wait === 'long' && !isConnected ? (
            <button type="button" class="button" onClick={() => attempt.cancel()}>
              Cancel
            </button>
          ) : (
            <button
              type="button"
              class="button"
              aria-busy={isBusy}
              onClick={() =>
                void attempt.run(async (signal) => {
                  if (isConnected) await model.disconnect(id)
                  else await model.connect(id, signal)
                })
              }
            >
              {isConnected ? (isBusy ? 'Leaving…' : 'Disconnect') : isBusy ? 'Connecting…' : 'Connect'}
            </button>
          ))}
        <button
          type="button"
          class="button"
          disabled={isRelay && !isBlocked}
          title={
            isRelay && !isBlocked
              ? 'This tab uses it as a relay. Take it out of the settings first.'
              : 'A blocked peer cannot connect to any tab of this browser, and none connects to it'
          }
          onClick={() => void attempt.run(() => model.setBlocked(id, !isBlocked))}
        >
          {isBlocked ? 'Unblock' : 'Block'}
        </button>
        <span class="soft" role="status">
          {answer.value}
        </span>
      </div>
      <ErrorLine error={attempt.error.value ?? ping.error.value} />
    </>
  )
}

/** What the peer calls itself, if the person calls it otherwise, or calls another peer so. */
function Announced({ id, announced }: { id: string; announced: string | undefined }) {
  if (announced === undefined) return null
  const others = namesakesOf(id, announced)
  const isCalledSo = nameOfPeer(id)?.isGiven !== true
  if (isCalledSo && others.length === 0) return null
  return (
    <p class={others.length > 0 ? 'warning peer-note' : 'soft peer-note'}>
      <span>
        It calls itself “<bdi>{announced}</bdi>”.{' '}
        {others.length > 0 && (
          <>
            You gave this name to another peer:{' '}
            {others.map((other) => (
              <a key={other} class="mono" href={hashOf('peers', other)}>
                {shortId(other)}
              </a>
            ))}
            .
          </>
        )}
      </span>
    </p>
  )
}
