/**
 * Compiles C in a worker. clang is WebAssembly of some 100 MB that the server has beside the page. It is loaded when the
 * first message says where it is; until then progress is told. Each further message is the text of a file; the answer to it
 * is a `CompiledScript`.
 */
import { type Clang, compileC } from './compile-c.ts'
import type { CompilerNews } from './compiler-news.ts'

const tell = (news: CompilerNews): void => self.postMessage(news)

addEventListener('message', ({ data: folder }: MessageEvent<string>) => void load(folder).catch(reportError), {
  once: true,
})

async function load(folder: string): Promise<void> {
  const clang = (await import(/* @vite-ignore */ new URL('bundle.js', folder).href)) as Clang
  // Without arguments it only loads itself.
  await clang.runLLVM(
    undefined,
    {},
    {
      fetchProgress: ({ doneLength, totalLength }) =>
        tell({ kind: 'loading', doneBytes: doneLength, totalBytes: totalLength }),
    },
  )
  addEventListener('message', ({ data: source }: MessageEvent<string>) => {
    // A fault of the compiler reaches the page as an error event.
    compileC(clang, source).then((compiled) => tell({ kind: 'compiled', compiled }), reportError)
  })
  tell({ kind: 'loaded' })
}
