/** Something that can be chosen by a few letters. */
export interface Choice {
  /** What is put into the box. Each choice has another. */
  readonly value: string
  /** What a person reads. */
  readonly words: string
  /** More about it, such as where it is. It can be searched too. */
  readonly hint?: string | undefined
}

/** The text in which a choice is searched. There may be thousands, and each letter that is typed searches them. */
const texts = new WeakMap<Choice, string>()

/** The first choices that have each of the words that a person typed. */
export function firstChoices(choices: Iterable<Choice>, typed: string, most: number): Choice[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const found: Choice[] = []
  for (const choice of choices) {
    if (found.length === most) break
    if (words.length === 0 || hasAll(textOf(choice), words)) found.push(choice)
  }
  return found
}

function textOf(choice: Choice): string {
  const known = texts.get(choice)
  if (known !== undefined) return known
  const text = [choice.words, choice.value, choice.hint ?? ''].join('\n').toLowerCase()
  texts.set(choice, text)
  return text
}

function hasAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word))
}
