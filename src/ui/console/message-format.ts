/** How the text of a message box becomes bytes. */
export type MessageFormat = 'text' | 'json' | 'hex'

export const FORMAT_WORDS: Readonly<Record<MessageFormat, string>> = { text: 'Text', json: 'JSON', hex: 'Hex' }

/**
 * The bytes of a message that a person typed. JSON is sent as it was typed.
 * @throws {Error} that says what is wrong with the text, as a sentence
 */
export function encodeMessage(format: MessageFormat, text: string): Uint8Array<ArrayBuffer> {
  if (format === 'hex') return bytesOfHex(text)
  if (format === 'json') checkJson(text)
  return new TextEncoder().encode(text)
}

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Error(`This is not JSON: ${why}.`, { cause: thrown })
  }
}

/** `48 65 6c`, `0x48, 0x65`, `48656c`. */
function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/0x/gi, ' ').replace(/[\s,:;-]+/g, '')
  const wrong = /[^0-9a-f]/i.exec(digits)?.[0]
  if (wrong !== undefined) throw new Error(`“${wrong}” is no hexadecimal digit.`)
  if (digits.length % 2 === 1) throw new Error('A byte has two digits, and one of them is missing.')
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
