// A peer in Node that makes calls when its parent asks for them: node-peer.mjs RELAY.
import { createPeer } from '../../dist-node/node.js'

const peer = await createPeer({ relays: [process.argv[2]] })

/** Calls a second, with some under way. */
async function callRate({ address, calls, atOnce }) {
  let left = calls
  const began = performance.now()
  const one = async () => {
    while (left-- > 0) await peer.call(address, new Uint8Array(32))
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return calls / ((performance.now() - began) / 1000)
}

process.on('message', (wanted) => {
  callRate(wanted).then(
    (rate) => process.send({ rate }),
    (thrown) => process.send({ error: String(thrown) }),
  )
})
process.send({ peerId: peer.peerId })
