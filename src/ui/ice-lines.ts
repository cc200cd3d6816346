import { HIDDEN, hidePassword } from '../mesh/ice-server.ts'
import type { IceServersInUse } from '../tab/mesh-config.ts'

/** The lines as they are to be kept: a line that is shown without its password, and was not changed, gets it back. */
export function withPasswords(lines: readonly string[], kept: readonly string[]): string[] {
  return lines.map((line) => kept.find((server) => hidePassword(server) === line) ?? line)
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
