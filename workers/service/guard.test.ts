import { expect, test } from 'vitest'
import { refusal } from './guard.ts'

interface Sent {
  mode?: RequestMode
  destination?: RequestDestination
  clientId?: string
}

/** Node makes no navigations: mode and destination are put on a real request. */
function event({ mode = 'cors', destination = '', clientId = 'page' }: Sent): FetchEvent {
  const request = new Request('https://glia.test/ww/0.1.0/self/root/run')
  Object.defineProperties(request, { mode: { value: mode }, destination: { value: destination } })
  return { request, clientId } as FetchEvent
}

test.each<Sent>([
  {},
  { mode: 'same-origin' },
  { mode: 'navigate', destination: 'document' },
  // The page that is opened is no client yet.
  { mode: 'navigate', destination: 'document', clientId: '' },
])('fetch of a page and a typed address are let in: %o', (sent) => {
  expect(refusal(event(sent))).toBeUndefined()
})

test.each<RequestDestination>(['iframe', 'frame', 'embed', 'object', ''])(
  'a navigation of %o is refused: the API is not shown in frames',
  (destination) => {
    const refused = refusal(event({ mode: 'navigate', destination }))
    expect(refused).toMatchObject({ code: 'ERR_DENIED', status: 403 })
    expect(refused?.message).toContain('frames')
  },
)

test.each<RequestDestination>(['script', 'image', 'style', 'worker', 'font', 'audio', 'video', 'manifest', 'document'])(
  'bytes of a guest are never part of a page: %s is refused by its name',
  (destination) => {
    for (const mode of ['no-cors', 'cors'] as const) {
      const refused = refusal(event({ mode, destination }))
      expect(refused).toMatchObject({ code: 'ERR_DENIED' })
      expect(refused?.message).toContain(`a ${destination}`)
    }
  },
)

test('a request of nobody is refused', () => {
  expect(refusal(event({ clientId: '' }))).toMatchObject({ code: 'ERR_DENIED' })
})
