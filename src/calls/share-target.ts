/** What the service worker and the page agree on about content that other apps share with the installed app. */

/** Path of `share_target` in the manifest, below the app's base. */
export const SHARE_PATH = '/share'

/** The cache in which the service worker keeps what was shared until the page takes it. */
export const SHARE_CACHE = 'glia-shared'

/** Names of the form's fields, as in the manifest. */
export const SHARE_FIELDS = { title: 'title', text: 'text', url: 'url', files: 'files' } as const

/** Largest shared content, in bytes. */
export const MAX_SHARE_BYTES = 64 * 1024 * 1024

/** Contents that wait to be taken. Any site can send one, so their number has a limit. */
export const MAX_SHARES = 4

/** Why shared content was not kept. It is a part of the address to which the browser is sent. */
export type ShareFailure = 'too-large' | 'full' | 'failed'
