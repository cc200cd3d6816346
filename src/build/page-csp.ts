import type { Plugin } from 'vite'
import { PAGE_CSP } from '../headers.ts'

/**
 * Puts the page's policy into the built index.html, for static hosts, which send no headers. Not in development,
 * because hot reload needs inline code.
 */
export function pageCsp(): Plugin {
  return {
    name: 'glia:page-csp',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: PAGE_CSP }, injectTo: 'head-prepend' },
    ],
  }
}
