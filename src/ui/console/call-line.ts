/** A call as lines for other programs. */
export interface CallLineInit {
  /** Address of the gateway, with a slash at its end. */
  gateway: string
  /** `/ww/0.1.0/{peer}/{process}/{method}` with the peer's id. */
  address: string
  /** The message as text; undefined for bytes, which the line reads from a file called `file`. */
  body: string | undefined
}

/**
 * The line of JavaScript that makes the same call from any page of the origin.
 * @param basePath Where the API answers, with a slash at its end.
 * @param body The message as text; undefined for bytes, which the line takes from a variable.
 */
export function fetchLine(basePath: string, address: string, body: string | undefined): string {
  const message = body === undefined ? 'file' : JSON.stringify(body)
  return `await (await fetch(${JSON.stringify(basePath + pathOf(address))}, { method: 'POST', body: ${message} })).text()`
}

/** The line for a shell that makes the same call through the gateway. */
export function curlLine({ gateway, address, body }: CallLineInit): string {
  const message = body === '' ? '-X POST' : body === undefined ? '--data-binary @file' : `--data-raw ${quote(body)}`
  return `curl ${message} ${quote(gateway + pathOf(address))}`
}

/** The line for a shell with Glia's own command. */
export function gliaLine({ gateway, address, body }: CallLineInit): string {
  const call = `glia call --gateway ${quote(gateway)} ${quote(address)}`
  if (body === undefined) return `${call} file`
  return body === '' ? `${call} < /dev/null` : `printf %s ${quote(body)} | ${call}`
}

/** A program in Go that makes the same call through the gateway. */
export function goLine({ gateway, address, body }: CallLineInit): string {
  const isFile = body === undefined
  const imports = ['fmt', 'io', 'net/http', 'os', ...(isFile ? [] : ['strings'])]
  const message = isFile
    ? ['\tmessage, err := os.Open("file")', '\tif err != nil {', '\t\tpanic(err)', '\t}']
    : [`\tmessage := strings.NewReader(${JSON.stringify(body)})`]
  return [
    'package main',
    '',
    `import (\n${imports.map((name) => `\t"${name}"`).join('\n')}\n)`,
    '',
    'func main() {',
    ...message,
    `\treply, err := http.Post(${JSON.stringify(gateway + pathOf(address))}, "application/octet-stream", message)`,
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    '\tdefer reply.Body.Close()',
    '\tif reply.StatusCode != http.StatusOK {',
    '\t\tfmt.Fprintln(os.Stderr, reply.Status)',
    '\t}',
    '\tio.Copy(os.Stdout, reply.Body)',
    '}',
    '',
  ].join('\n')
}

/** Below the base of the API, percent-encoded. The colon before a key stays, for people who read the line. */
function pathOf(address: string): string {
  return address.split('/').filter(Boolean).map(encodeURIComponent).join('/').replaceAll('%3A', ':')
}

/** Quoted for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
