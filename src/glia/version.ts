// oxlint-disable-next-line no-restricted-imports -- not code: the one place that has the version
import { version } from '../../package.json' with { type: 'json' }

/** Version of this app. */
export const VERSION: string = version
