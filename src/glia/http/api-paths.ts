/** The paths that answer GET with a text or with JSON. */
const QUERY_PATHS = ['/status', '/info', '/peers', '/version', '/root'] as const
export type QueryPath = (typeof QUERY_PATHS)[number]

const PROCESSES = '/ww'
/** The paths of processes: calls, and the list of a peer's processes. */
export const PROCESS_PATHS = `${PROCESSES}/*`

/** All paths of the HTTP API, as patterns of hono. No file of the app has such a name. */
export const API_PATHS = [...QUERY_PATHS, PROCESS_PATHS]

/** Whether the HTTP API answers a path. */
export function isApiPath(path: string): boolean {
  return path === PROCESSES || path.startsWith(`${PROCESSES}/`) || QUERY_PATHS.some((query) => query === path)
}
