import type { Attack } from '../attack.ts'
import { authority } from './authority.ts'
import { foreignPages } from './foreign-pages.ts'
import { gossipFloods } from './gossip.ts'
import { handshakes } from './handshakes.ts'
import { joinLinks } from './join-links.ts'
import { quotas } from './quotas.ts'
import { rubbish } from './rubbish.ts'
import { scans } from './scans.ts'
import { slowStrangers } from './slow-strangers.ts'
import { waste } from './waste.ts'

/** Every attack, in the order in which they are played. */
export const ATTACKS: readonly Attack[] = [
  slowStrangers,
  gossipFloods,
  handshakes,
  scans,
  foreignPages,
  authority,
  quotas,
  joinLinks,
  rubbish,
  waste,
]
