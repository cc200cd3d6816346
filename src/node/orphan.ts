/** How often to look, in ms. It is well within the two seconds in which the server ends on a signal. */
const POLL_MS = 500

/**
 * Calls back when the shell in which npm started this process is gone. npm passes a SIGTERM on to that shell only, and
 * a shell such as dash does not pass it on (npm 11.19). So a server under `npm start` would live on and keep its port.
 * Does nothing outside of npm.
 */
export function whenOrphaned(callback: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    callback()
  }, POLL_MS)
  timer.unref()
}
