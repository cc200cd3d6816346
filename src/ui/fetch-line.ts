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
