/**
 * Compiles in a worker, so that the page does not freeze. It is loaded with the compiler, some megabytes, when somebody builds.
 * A message is the text of a file; the answer to it is a `CompiledScript`.
 */
import { compileScript } from './compile-script.ts'

/** The first message to the page. From then on the compiler takes texts. */
const LOADED = 'loaded'

addEventListener('message', ({ data }: MessageEvent<string>) => {
  compileScript(data).then(
    (compiled) => self.postMessage(compiled),
    // A fault of the compiler reaches the page as an error event.
    (thrown: unknown) => reportError(thrown),
  )
})

self.postMessage(LOADED)
