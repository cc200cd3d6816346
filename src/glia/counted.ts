/** A noun in the number that fits: `message` of 1, else `messages`. */
export function nounOf(count: number, one: string, more = `${one}s`): string {
  return count === 1 ? one : more
}

/** `1 message`, `3 messages`. */
export function counted(count: number, one: string, more?: string): string {
  return `${count} ${nounOf(count, one, more)}`
}
