import type { GliaScripting } from './scripting.ts'

declare global {
  /** The peer of this tab. */
  var glia: GliaScripting
}
