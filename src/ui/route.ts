/**
 * A place in the page. `#/p/{pid}/log` is the part `log` of the view `p` of one process, and
 * `#/peers/{peer id}/p/{pid}/log` is the same of a process that another peer has.
 */
export interface Route {
  /** A key of the table in `views.ts`. */
  readonly view: string
  /** What the view is about: a PID, a peer id, the id of a call. Empty for a view of everything. */
  readonly id: string
  /** A part of the view. Empty for the part that it begins with. */
  readonly part: string
  /** Peer id of the peer that has the process. Left out: this tab has it, or the view is about something else. */
  readonly host?: string | undefined
}

/** The view of a page without a route. */
export const HOME = 'processes'

/** The view of one process. */
const PROCESS = 'p'

/** The view of the peers. The processes of a peer are below it. */
export const PEERS = 'peers'

/** The view of a link to a process or a module, which has a layout of its own. */
export const LINK = 'link'

/** A hash that begins with it is a route. Others are links that people send to one another. */
const START = '#/'

/** A link that only joins a mesh shows the home view. `src/mesh/relays/link.ts` has the form of links. */
const SHOWN_LINK = /^#(spawn=|join=.*&(pid|method)=)/

/** The route in the hash of a URL. A hash that is no route shows the home view. */
export function readHash(hash: string): Route {
  if (SHOWN_LINK.test(hash)) return { view: LINK, id: hash, part: '' }
  if (!hash.startsWith(START)) return { view: HOME, id: '', part: '' }
  const [view = '', id = '', part = '', pid = '', ofProcess = ''] = hash.slice(START.length).split('/').map(decoded)
  if (view === PEERS && part === PROCESS && pid !== '') return { view: PROCESS, id: pid, part: ofProcess, host: id }
  return { view: view === '' || view === LINK ? HOME : view, id, part }
}

/** The hash of a place, for links. */
export function hashOf(view: string, id = '', part = ''): string {
  return hashFrom(part === '' ? (id === '' ? [view] : [view, id]) : [view, id, part])
}

/** The hash of the page of a process, or of a part of it, wherever the process is. */
export function hashOfProcess({ pid, host }: { pid: string; host?: string | undefined }, part = ''): string {
  const pieces = part === '' ? [PROCESS, pid] : [PROCESS, pid, part]
  return hashFrom(host === undefined ? pieces : [PEERS, host, ...pieces])
}

function hashFrom(pieces: readonly string[]): string {
  return START + pieces.map(encodeURIComponent).join('/')
}

/** A piece with broken percent-encoding stays as it is. It names nothing, and its view says so. */
function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece)
  } catch {
    return piece
  }
}
