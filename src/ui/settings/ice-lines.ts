import { HIDDEN, hidePassword } from '../../mesh/dial/ice-server.ts'
import type { IceServersInUse } from '../model.ts'
import { allLinesOf } from '../kit/lines.ts'

/**
 * The lines to keep, without repetitions. A line that was shown without its password, and was not changed, gets the
 * password back. If several lines look the same and some of them were removed, nothing tells which ones: those get no
 * password.
 */
export function withPasswords(text: string, kept: readonly string[]): string[] {
  const shown = kept.map(hidePassword)
  const lines = allLinesOf(text)
  const restored = lines.map((line, at) => {
    const alike = kept.filter((_, i) => shown[i] === line)
    const again = lines.filter((other) => other === line).length
    if (alike.length <= 1) return alike[0] ?? line
    if (again === alike.length) return alike[lines.slice(0, at).filter((other) => other === line).length] ?? line
    // A line that was edited in its place moves no other line.
    return lines.length === kept.length && shown[at] === line ? (kept[at] ?? line) : line
  })
  return [...new Set(restored)]
}

/** A server as a person writes it, one line for each URL, without the password. */
export function shownUrls({ urls, username }: RTCIceServer): string[] {
  if (username === undefined) return [urls].flat()
  return [urls].flat().map((url) => url.replace(':', `:${encodeURIComponent(username)}:${HIDDEN}@`))
}

/** Why these servers are in use. */
export const ICE_WORDS: Record<IceServersInUse['from'], string> = {
  user: 'As set above.',
  origin: 'Named by the server of this page (.well-known/glia.json), as none is set above.',
  public: 'Public ones, as none is set above and the server of this page names none.',
  'private network':
    'None: this page comes from this machine or a private network, where peers see each other without servers.',
}
