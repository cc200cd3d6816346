/**
 * Compiles AssemblyScript in a worker, so that the page does not freeze. It is loaded with the compiler, some megabytes, when
 * somebody builds. A message is the text of a file; the answer to it is a `CompiledScript`.
 */
import { compileScript } from './compile-script.ts'
import type { CompilerNews } from './compiler-news.ts'

const tell = (news: CompilerNews): void => self.postMessage(news)

addEventListener('message', ({ data }: MessageEvent<string>) => {
  compileScript(data).then(
    (compiled) => tell({ kind: 'compiled', compiled }),
    // A fault of the compiler reaches the page as an error event.
    (thrown: unknown) => reportError(thrown),
  )
})

tell({ kind: 'loaded' })
