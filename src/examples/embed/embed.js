// A page of any site that runs a peer by the package alone. The site serves `node_modules/glia` under /glia/.
import { createPeer } from 'glia'

// The page is open as /embed/?server=https://relay.example.org/, where a Glia server runs with --allow-origin and this site's origin.
const server = new URLSearchParams(location.search).get('server') ?? 'http://localhost:2080/'
const peer = createPeer({ storage: 'embed', server })

await peer.ready
const [kept] = peer.procs().filter(({ name }) => name === 'counter')
const pid = kept?.pid ?? (await spawnCounter())
document.querySelector('#address').textContent = `/ww/0.1.0/${peer.peerId}/${pid}/increment`

document.querySelector('#call').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { address, message, reply } = event.target.elements
  try {
    reply.value = new TextDecoder().decode(await peer.call(address.value, message.value))
  } catch (error) {
    reply.value = `${error.code}: ${error.message}`
  }
})

async function spawnCounter() {
  const module = await (await fetch('/glia/dist/actors/counter.wasm')).arrayBuffer()
  return peer.spawn(module, { name: 'counter' })
}
