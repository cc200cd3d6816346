const REVOKE_AFTER_MS = 60_000

/** Saves something as a file, through the browser. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers fetch the URL only after the click was handled.
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS)
}
