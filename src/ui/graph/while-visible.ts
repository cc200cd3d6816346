/** Runs something at once and then again and again, while the page is visible. @returns a function that ends it. */
export function whileVisible(run: () => void, everyMs: number): () => void {
  let timer: ReturnType<typeof setInterval> | undefined
  const wind = (): void => {
    clearInterval(timer)
    timer = document.hidden ? undefined : setInterval(run, everyMs)
    if (!document.hidden) run()
  }
  document.addEventListener('visibilitychange', wind)
  wind()
  return () => {
    document.removeEventListener('visibilitychange', wind)
    clearInterval(timer)
  }
}
