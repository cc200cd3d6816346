import './styles.css'
import { useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { deferred, loadDeferred } from './kit/deferred.tsx'
import { DropTarget } from './spawn/drop-target.tsx'
import { shortId } from './kit/format.ts'
import { peerNames } from './kit/peer-names.ts'
import { Header } from './header.tsx'
import { hashOf, hashOfProcess, HOME, LINK, PEERS } from './route.ts'
import type { TabModel } from './model.ts'
import { Notices } from './kit/notices.tsx'
import { Page } from './page.ts'
import { route } from './router.ts'
import { showTheme } from './theme.ts'
import { TabBar, tabId } from './tab-bar.tsx'
import { VIEWS } from './views.ts'

const LinkNotices = deferred(async () => (await import('./later-views.ts')).LinkNotices)
const LinkPage = deferred(async () => (await import('./later-views.ts')).LinkPage)
const JoinDialog = deferred(async () => (await import('./later-views.ts')).JoinDialog)
const Palette = deferred(async () => (await import('./later-views.ts')).Palette)
const SpawnSheets = deferred(async () => (await import('./later-views.ts')).SpawnSheets)
const TourPlace = deferred(async () => (await import('./later-views.ts')).TourPlace)
const Updates = deferred(async () => (await import('./later-views.ts')).Updates)

/** The page. */
export function App({ model }: { model: TabModel }) {
  const page = useMemo(() => new Page(model), [])
  useMemo(showTheme, [])
  useSignalEffect(() => page.followProcesses())
  useSignalEffect(() => showNames(model))
  useSignalEffect(() => {
    const files = model.opened.value
    if (files.length === 0) return
    model.opened.value = []
    page.takeFiles(files)
  })
  useSignalEffect(() => {
    // The peer has started, so loading the views takes nothing from the start.
    if (model.peerId.value !== undefined) loadDeferred()
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return
      // Browsers have other uses for it.
      event.preventDefault()
      page.paletteShown.value = true
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  const { fatal } = model
  const { view, id } = route.value
  const isLink = view === LINK
  return (
    <>
      {!isLink && <Header model={model} joinShown={page.joinShown} onFiles={(files) => page.takeFiles(files)} />}
      <div class="updates">
        {model.peerId.value !== undefined && (
          <>
            <Updates model={model} page={page} />
            {!fatal.value && <TourPlace model={model} page={page} />}
          </>
        )}
      </div>
      {fatal.value ? (
        <main class="fatal">
          <h2>This tab cannot run a peer</h2>
          <p role="alert">{fatal.value.message}</p>
          <p class="mono soft">{fatal.value.code}</p>
          <button type="button" class="button main" onClick={() => location.reload()}>
            Try again
          </button>
        </main>
      ) : isLink ? (
        <LinkPage key={id} model={model} page={page} hash={id} />
      ) : (
        <Place model={model} page={page} />
      )}
      {page.sheetsShown.value && <SpawnSheets model={model} files={page.given} onDone={(pid) => page.showMade(pid)} />}
      {page.paletteShown.value && !fatal.value && <Palette model={model} page={page} />}
      {page.joinShown.value && <JoinDialog model={model} shown={page.joinShown} />}
      <Notices />
      <DropTarget onFiles={(files) => page.takeFiles(files)} />
    </>
  )
}

/** Gives the views the names of peers, if they are others than before: every view that names a peer would render again. */
function showNames({ people, peers }: TabModel): void {
  const given = people.value.names
  const announced = new Map(peers.value.flatMap(({ peerId, name }) => (name === undefined ? [] : [[peerId, name]])))
  const before = peerNames.peek()
  const isSame =
    announced.size === before.announced.size && [...announced].every(([id, name]) => before.announced.get(id) === name)
  if (given !== before.given || !isSame) peerNames.value = { given, announced }
}

/** The navigation, and the view of the place where the page is. */
function Place({ model, page }: { model: TabModel; page: Page }) {
  const { view: name, id, part, host } = route.value
  const view = VIEWS.get(name)
  const tab = host === undefined ? (view?.under ?? (view ? name : HOME)) : PEERS
  const key = host === undefined ? hashOf(name, id) : hashOfProcess({ pid: id, host })
  const panel = useRef<HTMLDivElement>(null)
  const before = useRef<string | undefined>(undefined)
  useSignalEffect(() => {
    const shown = route.value.view
    const words = page.title.value ?? (shown === HOME ? undefined : VIEWS.get(shown)?.word)
    const peer = model.peerId.value
    document.title = [words, peer && shortId(peer), 'Glia'].filter((each) => each !== undefined).join(' · ')
  })
  useLayoutEffect(() => {
    const isFirst = before.current === undefined
    before.current = key
    if (isFirst) return
    scrollTo(0, 0)
    // The focus was in the view that is gone. If it is on a tab of the navigation, it stays there.
    if (document.activeElement === document.body) focusStart(panel.current)
  }, [key])
  return (
    <>
      <TabBar model={model} tab={tab} paletteShown={page.paletteShown} />
      {(model.badJoinLink.value || model.joinQuestion.value) && <LinkNotices model={model} />}
      <main>
        <div
          ref={panel}
          key={key}
          class={`view ${view ? name : ''}`}
          role="tabpanel"
          tabIndex={-1}
          aria-labelledby={tabId(tab)}
        >
          {view ? <view.Show model={model} page={page} id={id} part={part} host={host} /> : <NoSuchView />}
        </div>
      </main>
    </>
  )
}

/** The focus goes to the chosen row of a list, or else to the view itself, so that Tab goes on from there. */
function focusStart(panel: HTMLElement | null): void {
  const start = panel?.querySelector<HTMLElement>('tr[aria-selected=true]') ?? panel
  start?.focus({ preventScroll: start === panel })
}

function NoSuchView() {
  return (
    <section class="panel hint">
      <p>
        This page has no view <span class="mono wrap">{location.hash}</span>. The link may be of a newer version.
      </p>
      <a href={hashOf(HOME)}>Show the processes</a>
    </section>
  )
}
