import { signal } from '@preact/signals'
import { Icon } from './icons.tsx'

/** A message to the person. It stays until it is dismissed or its time is over. */
interface Notice {
  id: number
  /** An error interrupts a screen reader; news waits. */
  kind: 'error' | 'news'
  title: string
  detail: string
  code?: string | undefined
  action?: { label: string; run: () => void } | undefined
}

/** How long news with an action such as Undo stays, in ms. */
const NEWS_MS = 10_000
/** More would not help anybody. The oldest ones go. */
const MAX_NOTICES = 50

const notices = signal<readonly Notice[]>([])
let lastId = 0

/** @param action What the person can do about it. */
export function showError(title: string, thrown: unknown, action?: Notice['action']): void {
  const { message: detail, code } = wordsOf(thrown)
  add({ kind: 'error', title, detail, code, action })
}

/** @param action What the notice offers for ten seconds, such as Undo. */
export function showNews(title: string, detail: string, action?: Notice['action']): void {
  const id = add({ kind: 'news', title, detail, action })
  setTimeout(() => dismiss(id), NEWS_MS)
}

/** The message and the code of what was thrown. */
export function wordsOf(thrown: unknown): { message: string; code: string | undefined } {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : undefined
  return { message: thrown instanceof Error ? thrown.message : String(thrown), code }
}

function add(notice: Omit<Notice, 'id'>): number {
  const id = ++lastId
  // The same error again takes the place of the earlier one.
  const others = notices.value.filter(
    ({ kind, title, detail }) => kind !== 'error' || title !== notice.title || detail !== notice.detail,
  )
  notices.value = [...others, { ...notice, id }].slice(-MAX_NOTICES)
  return id
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}

/** The notices, the newest last, at the lower edge of the page. */
export function Notices() {
  return (
    <div class="notices">
      {notices.value.map(({ id, kind, title, detail, code, action }) => (
        <div key={id} class={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
          <div>
            <b>{title}</b>
            <div>
              {detail} {code && <span class="mono soft">{code}</span>}
            </div>
          </div>
          {action && (
            <button
              type="button"
              class="button"
              onClick={() => {
                action.run()
                dismiss(id)
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={`Dismiss: ${title}`} onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
