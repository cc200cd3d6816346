import { HIDDEN, hidePassword } from '../../mesh/dial/ice-server.ts'
import type { IceServersInUse } from '../../tab/mesh-config.ts'
import { allLinesOf } from '../kit/lines.ts'

/**
 * The lines as they are to be kept, each once: a line that is shown without its password, and was not changed, gets it back.
 * Where several look the same and some of them are gone, nothing tells which ones: those are left without a password.
 */
export function withPasswords(text: string, kept: readonly string[]): string[] {
  const shown = kept.map(hidePassword)
  const lines = allLinesOf(text)
  const restored = lines.map((line, at) => {
    const alike = kept.filter((_, i) => shown[i] === line)
    const again = lines.filter((other) => other === line).length
    if (alike.length <= 1) return alike[0] ?? line
    if (again === alike.length) return alike[lines.slice(0, at).filter((other) => other === line).length] ?? line
    // Lines that were edited in their place move no other.
    return lines.length === kept.length && shown[at] === line ? (kept[at] ?? line) : line
  })
  return [...new Set(restored)]
}

/** A server as a person writes it, one line for each of its URLs, without the password. */
export function shownUrls({ urls, username }: RTCIceServer): string[] {
  if (username === undefined) return [urls].flat()
  return [urls].flat().map((url) => url.replace(':', `:${encodeURIComponent(username)}:${HIDDEN}@`))
}

/** Why these servers and no others are in use. */
export const ICE_WORDS: Record<IceServersInUse['from'], string> = {
  user: 'As set above.',
  origin: 'Named by the server of this page (.well-known/glia.json), as none is set above.',
  public: 'Public ones, as none is set above and the server of this page names none.',
  'private network':
    'None: this page comes from this machine or a private network, where peers see one another without.',
}
