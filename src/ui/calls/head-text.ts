/** The first bytes of a message as text; as hex if they are no text. */
export function headText(bytes: Uint8Array): { text: string; kind: 'text' | 'hex' } {
  // A character may be cut at the end of what is kept.
  const text = new TextDecoder().decode(bytes)
  const isText = !/(?![\s])\p{Cc}/u.test(text) && !text.slice(0, -1).includes('\uFFFD')
  if (isText) return { text, kind: 'text' }
  return { text: [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '), kind: 'hex' }
}
