import { signal } from '@preact/signals'

const TICK_MS = 1000
let timer: ReturnType<typeof setInterval> | undefined

/**
 * The time, in ms since the epoch, once a second. Views read it to show how long something has lasted or will last. It
 * ticks only while a view reads it and the page is visible.
 */
export const clock = signal(Date.now(), {
  watched: () => {
    document.addEventListener('visibilitychange', wind)
    // Not at once: a view is just reading the signal.
    queueMicrotask(wind)
  },
  unwatched: () => {
    document.removeEventListener('visibilitychange', wind)
    clearInterval(timer)
    timer = undefined
  },
})

function wind(): void {
  clearInterval(timer)
  timer = document.hidden ? undefined : setInterval(tick, TICK_MS)
  if (!document.hidden) tick()
}

function tick(): void {
  clock.value = Date.now()
}
