import { SHARE_CACHE, SHARE_FIELDS } from '../calls/share-target.ts'
import type { SharedContent } from '../ui/model.ts'

/** What other apps shared with this one, and the service worker keeps for it. The oldest is first. */
export async function sharedContents(): Promise<SharedContent[]> {
  if (!('caches' in globalThis)) return []
  const cache = await caches.open(SHARE_CACHE)
  const contents = (await cache.keys()).map(async (request) => {
    const form = await (await cache.match(request))?.formData().catch(() => undefined)
    return readForm(form, async () => void (await cache.delete(request)))
  })
  return Promise.all(contents)
}

function readForm(form: FormData | undefined, done: () => Promise<void>): SharedContent {
  if (!form) return { text: '', files: [], isBroken: true, done }
  const { files, ...fields } = SHARE_FIELDS
  const texts = Object.values(fields).flatMap((name) => form.getAll(name).filter((text) => typeof text === 'string'))
  return {
    text: texts.filter((text) => text !== '').join('\n'),
    // A form without a file has one without a name.
    files: form
      .getAll(files)
      .filter((file) => typeof file !== 'string' && (file.name !== '' || file.size > 0)) as File[],
    isBroken: false,
    done,
  }
}
