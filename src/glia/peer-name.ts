/** Longest name of a peer, in code points, and its longest UTF-8, in bytes. */
export const MAX_NAME = 40
export const MAX_NAME_BYTES = 4 * MAX_NAME
/** Characters of a text that are looked at: cleaning a longer text would only cost time. */
const MAX_GIVEN = 1000
/** Marks on one letter. Scripts need two; more of them cover what stands above and below. */
const MANY_MARKS = /(\p{M}{2})\p{M}+/gu
/** Marks without a letter would stand on what comes before the text. */
const FIRST_MARKS = /^[\p{M}\s]+/u
/**
 * What is not seen, or changes how other text reads: control characters, characters that turn the direction of writing,
 * joiners, fillers, variation selectors, the empty pattern of Braille. Emoji that joiners hold together come apart.
 */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu
/** White space, without the byte order mark, which takes no room. */
const SPACE = /[^\S\uFEFF]+/gu
const QUOTES = /["“”„‟«»]/gu

/**
 * A text of a stranger on one line, without characters that are not seen or that change how the text around it reads.
 * @param max Longest result, in code points.
 */
export function cleanText(text: string, max: number): string {
  const seen = text.slice(0, MAX_GIVEN).normalize('NFC').replace(SPACE, ' ').replace(UNSEEN, '')
  const plain = seen.replace(MANY_MARKS, '$1').replace(FIRST_MARKS, '')
  return Array.from(plain).slice(0, max).join('').trim()
}

/**
 * The name of a peer as it is shown. Names that peers announce stand in quotation marks, so a name has none itself.
 * @returns an empty text if nothing is left: no name
 */
export function cleanName(text: string): string {
  return cleanText(text.slice(0, MAX_GIVEN).replace(QUOTES, ''), MAX_NAME)
}
