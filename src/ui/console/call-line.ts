/**
 * The line of JavaScript that makes the same call from any page of the origin.
 * @param basePath Where the API answers, with a slash at its end.
 * @param body The typed message; undefined for a file, which the line takes from a variable.
 */
export function fetchLine(basePath: string, pid: string, method: string, body: string | undefined): string {
  const path = `${basePath}ww/0.1.0/self/${pid}/${encodeURIComponent(method)}`
  const message = body === undefined ? 'file' : JSON.stringify(body)
  return `await (await fetch(${JSON.stringify(path)}, { method: 'POST', body: ${message} })).text()`
}

/** What a shell needs to make the call through the gateway. */
export interface CurlLineInit {
  /** Address of the gateway, with a slash at its end. */
  gateway: string
  peerId: string
  pid: string
  method: string
  /** The typed message; undefined for a file, which the line reads from `file`. */
  body: string | undefined
}

/** The line for a shell that makes the same call through the gateway. */
export function curlLine({ gateway, peerId, pid, method, body }: CurlLineInit): string {
  const url = `${gateway}ww/0.1.0/${peerId}/${pid}/${encodeURIComponent(method)}`
  const message = body === '' ? '-X POST' : body === undefined ? '--data-binary @file' : `--data-raw ${quote(body)}`
  return `curl ${message} ${quote(url)}`
}

/** Quoted for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
