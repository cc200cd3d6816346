const MAX_BODY = 200

/**
 * The line of JavaScript that makes the same call from any page of the origin.
 * @param basePath Where the API answers, with a slash at its end.
 * @param body The typed message; undefined for a file.
 */
export function fetchLine(basePath: string, pid: string, method: string, body: string | undefined): string {
  const path = `${basePath}ww/0.1.0/self/${pid}/${encodeURIComponent(method)}`
  const shown = body === undefined || body.length > MAX_BODY ? '…' : body
  return `await (await fetch('${path}', { method: 'POST', body: ${JSON.stringify(shown)} })).text()`
}
