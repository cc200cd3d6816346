import { shortId } from './format.ts'
import { nameOfPeer } from './peer-names.ts'

/** A peer by its name and id. A name that it announces stands in quotation marks, one that the person gave is bold. */
export function PeerName({ id }: { id: string }) {
  return (
    <span class="peer-name" title={id}>
      <NameText id={id} /> <span class="mono">{shortId(id)}</span>
    </span>
  )
}

/** The name alone, for where the id stands beside it. Nothing if there is none. */
export function NameText({ id }: { id: string }) {
  const name = nameOfPeer(id)
  if (!name) return null
  return name.isGiven ? (
    <bdi class="given-name" title="The name that you gave">
      {name.text}
    </bdi>
  ) : (
    <span
      class="announced-name"
      title="The name that the peer announces. Anybody may take any name: the id tells who it is."
    >
      “<bdi>{name.text}</bdi>”
    </span>
  )
}
