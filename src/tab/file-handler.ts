import type { Signal } from '@preact/signals'
import { consoleLogger } from '../glia/log.ts'

interface LaunchParams {
  files?: readonly { getFile(): Promise<File> }[]
  targetURL?: string
}
interface LaunchQueue {
  setConsumer(consumer: (params: LaunchParams) => void): void
}

const log = consoleLogger('glia')

/**
 * Takes what the operating system gives the installed app: files (`file_handlers` in the manifest), and the address of a
 * shortcut or a link. The app that runs already is only told of it (`launch_handler`): a navigation would end its calls.
 * The browser keeps what comes before this is called.
 */
export function takeLaunches(opened: Signal<readonly File[]>): void {
  const { launchQueue } = globalThis as { launchQueue?: LaunchQueue }
  launchQueue?.setConsumer(({ files = [], targetURL }) => {
    const { hash } = new URL(targetURL ?? '', location.href)
    if (hash) location.hash = hash
    for (const handle of files) {
      handle.getFile().then(
        (file) => (opened.value = [...opened.value, file]),
        (thrown: unknown) => log.warn('a file could not be opened:', thrown),
      )
    }
  })
}
