import { read, write, writeNumber } from './io'

/** Speaks first: '> ' before it reads anything, then 'got N\n' for each chunk, as it arrives. */
export function prompt(): void {
  write('> ')
  for (let length = read(); length > 0; length = read()) {
    write('got ')
    writeNumber(length)
    write('\n')
  }
}
