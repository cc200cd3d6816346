/** A STUN or TURN server, in the form that RTCPeerConnection takes. */
export interface IceServer {
  readonly urls: string
  readonly username?: string
  readonly credential?: string
}

/** What a person sees in place of a password. */
export const HIDDEN = '••••'

/** Scheme, host, port and transport of a URL of RFC 7064 or 7065. The credentials are an addition of Glia. */
const ICE_URL =
  /^(?<scheme>stuns?|turns?):(?:(?<user>[^:@\s]+):(?<password>[^@\s]+)@)?(?<server>(?:[\w.-]+|\[[\da-f:.]+\])(?::(?<port>\d{1,5}))?)(?<transport>\?transport=(?:udp|tcp))?$/i

/**
 * Reads `stun:HOST:PORT` or `turn:USER:PASSWORD@HOST:PORT?transport=udp`; also `stuns:` and `turns:`. Port and
 * transport may be left out. A colon or an at sign in the name or the password is written %3A or %40.
 * @returns undefined if the text is neither.
 */
export function parseIceServer(text: string): IceServer | undefined {
  const { scheme = '', user, password, server, port = '', transport = '' } = ICE_URL.exec(text)?.groups ?? {}
  const isTurn = /^turn/i.test(scheme)
  if (server === undefined || Number(port) > 65535) return undefined
  if (isTurn !== (user !== undefined) || (!isTurn && transport !== '')) return undefined
  const urls = `${scheme.toLowerCase()}:${server}${transport}`
  if (user === undefined || password === undefined) return { urls }
  return { urls, username: decode(user), credential: decode(password) }
}

/** The same text without the password. It also works for a text that is no valid server. */
export function hidePassword(text: string): string {
  return text.replace(/^((?:(?:stun|turn)s?:)?[^:@]*:).*@/i, `$1${HIDDEN}@`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a plain % that stands for itself
  }
}
