import type { Exit } from '../../glia/process/exit.ts'

/** Frames of a trap in the log. Rust has ten of its own above the function that panics. */
const MAX_FRAMES = 20
/** Longest name of a function, in UTF-16 units. A module may have names of megabytes. */
const MAX_NAME = 200
/** Longest frame: the name, and the place in the module. */
const MAX_FRAME = MAX_NAME + 100
/** Longest message. The last twenty of a process are in its record. */
const MAX_MESSAGE = 1000
/** A longer line of a stack is cut in its middle before it is read: the name is at its start, the offset at its end. */
const MAX_STACK_LINE = 2000

/** A line of a stack inside a module: the name of the function, and its offset in the module or its index. */
const GUEST_FRAMES = [
  // V8: `    at name (wasm://wasm/00a2dd76:wasm-function[3]:0x4f)`
  /^\s*at (?:(?<name>.*?) \()?\S*:wasm-function\[\d+\]:(?<offset>0x[0-9a-f]+)\)?$/,
  // Firefox 153, which shows it like an eval: `name@https://x.example/actor.js line 2 >
  // WebAssembly.compile:wasm-function[3]:0x4f`
  /^(?<name>.*)@(?:blob:)?\w+:\/\/\S*(?: line \d+ > \S+)*:wasm-function\[\d+\]:(?<offset>0x[0-9a-f]+)$/,
  // WebKit 2.50: `name@module:wasm-function[3]`. A function without a name has its index there, or `(null)`.
  /^(?:\(null\)|(?<name>.*))@.*:wasm-function\[(?<index>\d+)\]$/,
  // Earlier WebKit: `<?>.wasm-function[name]@[wasm code]`, with the index where there is no name.
  /^.*\.wasm-function\[(?:(?<index>\d+)|(?<name>.*))\]@\[wasm code\]$/,
]
/** WebKit adds the source text of the call that trapped. */
const EVALUATED = / \(evaluating '.*'\)$/s

/** For the thread that runs guests: by default V8 keeps ten frames of an error. */
export function noteWholeStacks(): void {
  Object.assign(Error, { stackTraceLimit: MAX_FRAMES + 10 })
}

/** The frames of a stack inside the module, as `in main.boom at 0x18c519`, with names of its name section. */
export function guestFrames(thrown: unknown): string[] {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : ''
  const frames: string[] = []
  for (const line of stack.split('\n')) {
    const short = withoutMiddle(line)
    const groups = GUEST_FRAMES.map((frame) => frame.exec(short)?.groups).find((found) => found !== undefined)
    if (groups) frames.push(`in ${place(groups)}`)
    if (frames.length === MAX_FRAMES) break
  }
  return frames
}

function place({ name = '', offset, index }: Partial<Record<'name' | 'offset' | 'index', string>>): string {
  if (offset !== undefined) return `${cut(name, MAX_NAME) || 'a function without a name'} at ${offset}`
  if (name === '' || name === index) return `function ${index}`
  return index === undefined ? cut(name, MAX_NAME) : `${cut(name, MAX_NAME)} (function ${index})`
}

/** Most different frames in the trap of endless recursion: two functions in turns, and the innermost ones. */
const FRAMES_OF_RECURSION = 6
/** What all engines say when a guest reads or writes outside of its memory. */
const OUT_OF_BOUNDS = /out of bounds/i

/**
 * What may help a guest that calls itself and has left its memory; undefined if nothing is known. C and Rust keep a
 * part of their stack in the memory, and only such a trap shows that it is used up.
 */
export function stackHint(message: string, frames: readonly string[]): string | undefined {
  const isDeep = frames.length === MAX_FRAMES && new Set(frames).size <= FRAMES_OF_RECURSION
  if (!isDeep || !OUT_OF_BOUNDS.test(message)) return undefined
  return 'It calls itself, so its stack may be used up. The linker gives a larger one, of 8 MiB: clang -Wl,-z,stack-size=8388608, rustc -C link-arg=-zstack-size=8388608.'
}

/** All that engines say of an exception of WebAssembly. */
const EXCEPTION = '[object WebAssembly.Exception]'

/** The message of a trap, without a full stop. */
export function trapMessage(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (message === EXCEPTION) return 'it threw an exception that nothing caught'
  return cut(message.replace(EVALUATED, '').replace(/\.$/, ''), MAX_NAME)
}

/** An exit with no more text than a record may have, whatever a worker says. */
export function withinBounds(exit: Exit): Exit {
  const { reason } = exit
  if (reason.type === 'exited') return exit
  const message = cut(reason.message, MAX_MESSAGE)
  if (!('frames' in reason)) return { ...exit, reason: { ...reason, message } }
  const frames = reason.frames.slice(0, MAX_FRAMES).map((frame) => cut(frame, MAX_FRAME))
  return { ...exit, reason: { ...reason, message, frames } }
}

/** The text, cut to so many UTF-16 units. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}

/** What stands for the middle ends a name in the stacks of all engines. */
function withoutMiddle(line: string): string {
  const half = MAX_STACK_LINE / 2
  return line.length > MAX_STACK_LINE ? `${line.slice(0, half)} (@${line.slice(-half)}` : line
}
