// In the place of vitest in the page: gathers the tests of the suite, and what they expect. Playwright checks that.

/** A matcher of `expect`, with what it is given. */
export interface Check {
  readonly matcher: Matcher
  readonly actual: unknown
  readonly wanted: unknown
}

/** Those that the suite uses. Another one is an error there. */
const MATCHERS = ['toBe', 'toEqual', 'toHaveLength', 'toMatchObject'] as const
type Matcher = (typeof MATCHERS)[number] | 'toMatch'

interface Expected extends Record<(typeof MATCHERS)[number], (wanted: unknown) => void> {
  readonly rejects: { toThrow(pattern: RegExp): Promise<void> }
}

export interface Case {
  readonly name: string
  run(): Promise<void>
}

export const cases: Case[] = []
let checks: Check[] = []

export function test(name: string, run: () => Promise<void>): void {
  cases.push({ name, run })
}

/** Notes what is expected as it is now. */
export function expect(actual: unknown): Expected {
  const note = (matcher: Matcher) => (wanted: unknown) => {
    checks.push(structuredClone({ matcher, actual, wanted }))
  }
  const [toBe, toEqual, toHaveLength, toMatchObject] = MATCHERS
  return {
    toBe: note(toBe),
    toEqual: note(toEqual),
    toHaveLength: note(toHaveLength),
    toMatchObject: note(toMatchObject),
    rejects: {
      async toThrow(pattern) {
        const message = await Promise.resolve(actual).then(
          () => undefined,
          (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
        )
        checks.push({ matcher: 'toMatch', actual: message, wanted: pattern })
      },
    },
  }
}

/** What was expected since the last time. */
export function takeChecks(): Check[] {
  const taken = checks
  checks = []
  return taken
}
