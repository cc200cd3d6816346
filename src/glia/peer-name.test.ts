import { expect, test } from 'vitest'
import { cleanName, cleanText, MAX_NAME, MAX_NAME_BYTES } from './peer-name.ts'

test.each([
  ['a plain name', 'Ada Lovelace', 'Ada Lovelace'],
  ['spaces and line breaks', '  Ada \n\t\u2028 Lovelace \r\n', 'Ada Lovelace'],
  ['an override of the direction', '\u202Egnp.eda\u202C', 'gnp.eda'],
  ['isolates, marks and embeddings', '\u2066A\u2067d\u2068a\u2069\u200E\u200F\u061C\u202A\u202B', 'Ada'],
  ['zero width', 'A\u200Bd\u200C\u200D\uFEFFa\u2060\u00AD', 'Ada'],
  ['letters that are not seen', '\u115F\u1160\u3164\uFFA0\u2800', ''],
  ['tags and variation selectors', 'A\u{E0041}\u{E007F}d\uFE0Fa\u{E0100}', 'Ada'],
  ['control characters', 'A\u0000d\u001Ba\u0085\u009B[31m', 'Ada[31m'],
  ['emoji that joiners hold together', '👩\u200D👩\u200D👧', '👩👩👧'],
  ['a lone surrogate', 'A\uD83Dda', 'Ada'],
  ['private characters', 'A\uE000\u{F0000}da', 'Ada'],
  ['marks that cover other lines', `A${'\u0301'.repeat(50)}da`, 'Á\u0301\u0301da'],
  ['marks without a letter', ' \u0301\u0301Ada', 'Ada'],
  ['markup, which stays text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['quotation marks', '“Ada” "you know her" «»„‟', 'Ada you know her'],
  ['nothing', ' \u200B\n', ''],
  ['another script', 'מרים עדה', 'מרים עדה'],
])('%s', (_, given, name) => expect(cleanName(given)).toBe(name.normalize('NFC')))

test('a name is bounded in characters and bytes, however long it was', () => {
  for (const text of ['a'.repeat(10_000), '🙂'.repeat(10_000), '\u202E'.repeat(10_000), 'é'.repeat(10_000)]) {
    const name = cleanName(text)
    expect(Array.from(name).length).toBeLessThanOrEqual(MAX_NAME)
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(MAX_NAME_BYTES)
  }
})

test('a cleaned name stays as it is', () => {
  for (const text of ['Ada', 'ab '.repeat(30), '🙂'.repeat(60), 'A\u0301\u0301\u0301']) {
    expect(cleanName(cleanName(text))).toBe(cleanName(text))
  }
})

test('names of processes have more room', () => expect(cleanText('a'.repeat(200), 100)).toHaveLength(100))
