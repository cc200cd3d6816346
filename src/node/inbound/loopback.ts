import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/** Whether only this machine can reach a listener at this address. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || /^(::ffff:)?127\./i.test(ip)
}

/** An address in the form of a URL or a Host header. */
export function hostOf(ip: string): string {
  return isIPv6(ip) ? `[${ip}]` : ip
}

/**
 * Whether a request's Host names this machine. A page of another site whose name was pointed at 127.0.0.1 (DNS
 * rebinding) reaches a loopback server, but sends its own name.
 */
export function isLocalHost(host: string | undefined): boolean {
  const name = nameIn(host)
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** The name in a Host header, in lower case and without the port; empty if there is none. */
export function nameIn(host: string | undefined): string {
  return host?.replace(/:\d*$/, '').toLowerCase() ?? ''
}

/**
 * IP address of the client of a request. A proxy on this machine tells for whom it asks: its entry is the last in the
 * header. On other machines anybody could write the header.
 */
export function clientOf({ socket, headers }: IncomingMessage): string {
  const client = socket.remoteAddress ?? ''
  const [forwardedFor] = [headers['x-forwarded-for'] ?? []].flat().slice(-1)
  return (isLoopback(client) && forwardedFor?.split(',').at(-1)?.trim()) || client
}

/** Headers that proxies add. Each proxy adds some of them. */
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|cf-.*)$/

/**
 * Whether a request was made on this machine, for this machine. A request that a proxy here passes on names another
 * host, has a header of the proxy, or is HTTP/1.0, which nginx speaks by default. Not all proxies can be recognised:
 * see `localMetrics` in app.ts.
 */
export function isLocalClient({ socket, headers, httpVersion }: IncomingMessage): boolean {
  const isForwarded = Object.keys(headers).some((name) => FORWARDED.test(name)) || httpVersion === '1.0'
  return isLoopback(socket.remoteAddress ?? '') && isLocalHost(headers.host) && !isForwarded
}
