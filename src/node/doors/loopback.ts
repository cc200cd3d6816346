import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/** Whether only this machine can reach what listens on this address. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || /^(::ffff:)?127\./i.test(ip)
}

/** An address as it stands in a URL or a Host header. */
export function hostOf(ip: string): string {
  return isIPv6(ip) ? `[${ip}]` : ip
}

/**
 * Whether a request's Host names this machine. A page of another site whose name has been pointed at 127.0.0.1 (DNS rebinding) reaches a
 * loopback server, but it sends its own name.
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
 * IP address of the client that a request is from. A proxy on this machine tells for whom it asks; what it adds comes last in
 * the header. Elsewhere anybody could write it.
 */
export function clientOf({ socket, headers }: IncomingMessage): string {
  const client = socket.remoteAddress ?? ''
  const [forwardedFor] = [headers['x-forwarded-for'] ?? []].flat().slice(-1)
  return (isLoopback(client) && forwardedFor?.split(',').at(-1)?.trim()) || client
}

/** Headers that proxies add, each some of them. */
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|cf-.*)$/

/**
 * Whether a request was made on this machine, for this machine. One that a proxy here passes on names another host, has a header of
 * the proxy's, or is HTTP/1.0, which nginx speaks unless told otherwise. Not all proxies can be told: see `localMetrics` in app.ts.
 */
export function isLocalClient({ socket, headers, httpVersion }: IncomingMessage): boolean {
  const isForwarded = Object.keys(headers).some((name) => FORWARDED.test(name)) || httpVersion === '1.0'
  return isLoopback(socket.remoteAddress ?? '') && isLocalHost(headers.host) && !isForwarded
}
