import type { GliaScripting } from './script-api.ts'

declare global {
  var glia: GliaScripting
}
