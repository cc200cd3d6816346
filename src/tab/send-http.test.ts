import { expect, test } from 'vitest'
import { sendHttp } from './send-http.ts'

const PAGE = { origin: 'https://glia.example', protocol: 'https:' }

// What browsers do with requests is tested in e2e/http-requests.spec.ts.
test.each([
  ['https://glia.example/ww/0.1.0/self/root/echo', 'is this page itself'],
  ['http://example.org/', 'mixed content'],
  ['http://10.0.0.1/', 'mixed content'],
  ['http://localhost.example/', 'mixed content'],
])('a page that came over https does not ask %s', async (url, why) => {
  const request = { method: 'GET', url: new URL(url), headers: new Headers() }
  const sent = sendHttp(request, new AbortController().signal, PAGE)
  await expect(sent).rejects.toMatchObject({ code: 'ERR_DENIED' })
  await expect(sent).rejects.toThrow(why)
})
