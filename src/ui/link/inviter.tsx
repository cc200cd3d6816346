import { Identicon } from '../kit/identicon.tsx'
import { PeerName } from '../kit/peer-name.tsx'

/** Who made a link. The id is in the title as a whole. */
export function Inviter({ peer, isOwn, words = 'invites you to' }: { peer: string; isOwn: boolean; words?: string }) {
  return (
    <p class="inviter">
      <Identicon text={peer} />
      {isOwn ? (
        <span>This link is your own. Who opens it elsewhere sees this:</span>
      ) : (
        <span>
          <PeerName id={peer} /> {words}
        </span>
      )}
    </p>
  )
}
