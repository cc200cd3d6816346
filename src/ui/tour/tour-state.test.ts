import { expect, test } from 'vitest'
import { STEPS } from './steps.ts'
import { readKept, TourState } from './tour-state.ts'

test('nothing kept is a newcomer, and a step that was kept is gone on with', () => {
  expect(readKept(null)).toBeUndefined()
  expect(readKept('{"at":2,"isShown":true}')).toEqual({ at: 2, isShown: true })
  expect(readKept(`{"at":${STEPS.length},"isShown":false}`)).toEqual({ at: STEPS.length, isShown: false })
})

test.each(['', 'null', '7', '[]', '{"at":-1}', '{"at":1.5}', `{"at":${STEPS.length + 1}}`, '{"at":"1"}'])(
  '%j is a tour that was left at its start',
  (json) => expect(readKept(json)).toEqual({ at: 0, isShown: false }),
)

test('a tour that was left goes on at its step, and one that is over begins anew', () => {
  const tour = new TourState()
  expect([tour.isNew.value, tour.isShown.value]).toEqual([true, false])
  tour.show()
  tour.next(0)
  tour.next(0)
  tour.leave()
  tour.next(1)
  expect([tour.isNew.value, tour.isShown.value, tour.at.value]).toEqual([false, false, 1])
  tour.show()
  expect([tour.isShown.value, tour.at.value, tour.asked.value]).toEqual([true, 1, 2])
  for (let i = 1; i < STEPS.length; i++) tour.next(i)
  expect(tour.at.value).toBe(STEPS.length)
  tour.leave()
  tour.show()
  expect(tour.at.value).toBe(0)
})
