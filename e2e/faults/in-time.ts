/** @returns undefined if it takes longer */
export function inTime<T>(work: Promise<T>, ms: number): Promise<T | undefined>
/** @throws {Error} with the words if it takes longer */
export function inTime<T>(work: Promise<T>, ms: number, words: string): Promise<T>
export async function inTime<T>(work: Promise<T>, ms: number, words?: string): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve, reject) => {
    timer = setTimeout(() => (words === undefined ? resolve(undefined) : reject(new Error(words))), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
