interface LaunchParams {
  files?: readonly { getFile(): Promise<File> }[]
}
interface LaunchQueue {
  setConsumer(consumer: (params: LaunchParams) => void): void
}

/** The files with which the operating system opened the installed app (`file_handlers` in the manifest). */
export function openedFiles(onFile: (file: File) => void, onError: (thrown: unknown) => void): void {
  const { launchQueue } = globalThis as { launchQueue?: LaunchQueue }
  launchQueue?.setConsumer(({ files = [] }) => {
    for (const handle of files) void handle.getFile().then(onFile, onError)
  })
}
