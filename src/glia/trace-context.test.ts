import { expect, test } from 'vitest'
import { traceOf } from './trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test.each([`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-00`, `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`])(
  'a call is in the trace of %s, with a span of its own',
  (traceparent) => {
    const [, trace, span, flags] = traceOf(traceparent)?.split('-') ?? []
    expect([trace, flags]).toEqual([TRACE, traceparent.split('-')[3]])
    expect(span).toMatch(/^[0-9a-f]{16}$/)
    expect(span).not.toBe(SPAN)
  },
)

test('flags that nobody knows yet are not passed on', () => {
  const flagsOf = (traceparent: string): string | undefined => traceOf(traceparent)?.split('-')[3]
  expect(flagsOf(`00-${TRACE}-${SPAN}-ff`)).toBe('03')
  expect(flagsOf(`cc-${TRACE}-${SPAN}-09-more`)).toBe('01')
})

test.each([
  null,
  '',
  'x',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
])('%s is no trace', (traceparent) => {
  expect(traceOf(traceparent)).toBeUndefined()
})
