import { version } from '../../package.json' with { type: 'json' }

/** Version of this app. */
export const VERSION: string = version
