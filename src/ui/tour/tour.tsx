import { effect, useSignalEffect } from '@preact/signals'
import { useEffect, useId, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { Icon } from '../kit/icons.tsx'
import { showNews } from '../kit/notices.tsx'
import type { TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { hashOf } from '../route.ts'
import { goTo, route } from '../router.ts'
import { pointedAt, type Step, STEPS, type TourContext } from './steps.ts'
import { TourState } from './tour-state.ts'

/** How long a control is waited for, in frames. Its view may have to be loaded. */
const MAX_FRAMES = 300

const CAN_HAVE_FOCUS = 'a[href], button, input, textarea, select'

/** The tour: a card at the lower edge. It names a step, and the page shows a ring around the control of the step. */
export function Tour({ model, page }: { model: TabModel; page: Page }) {
  const state = page.kept(TourState)
  const card = useRef<HTMLElement>(null)
  const id = useId()
  const at = state.at.value
  const step = STEPS[at]
  const context = useMemo((): TourContext => ({ model, page, route }), [model, page])
  useSignalEffect(() => {
    if (state.asked.value > 0) card.current?.focus()
  })
  useLayoutEffect(() => {
    // Room to scroll what the card covers into sight.
    const { style } = document.documentElement
    style.setProperty('--tour', `${card.current?.offsetHeight ?? 0}px`)
    return () => style.removeProperty('--tour')
  })
  const leave = (): void => {
    state.leave()
    document.querySelector<HTMLElement>('.view')?.focus({ preventScroll: true })
    if (step) showNews('You left the tour', 'The settings and Ctrl K bring it back.', goOn(state))
  }
  return (
    <section
      ref={card}
      class="tour"
      aria-labelledby={id}
      tabIndex={-1}
      onKeyDown={({ key }) => {
        if (key === 'Escape') leave()
      }}
    >
      <h2 id={id}>
        <span class="grow">{step ? `Tour, step ${at + 1} of ${STEPS.length}` : 'Tour'}</span>
        <button type="button" class="icon-button" aria-label="Leave the tour" onClick={leave}>
          <Icon name="close" />
        </button>
      </h2>
      <div role="status">
        {step ? (
          <>
            <b>{step.title}</b> <span>{step.words}</span>
          </>
        ) : (
          <>
            <b>That was all.</b> Write an actor of your own in the <a href={hashOf('playground')}>playground</a>, or
            drop a .wasm file on the page.
          </>
        )}
      </div>
      {step ? (
        <CurrentStep at={at} step={step} context={context} state={state} />
      ) : (
        <div class="row">
          <button type="button" class="button main" onClick={leave}>
            Close
          </button>
        </div>
      )}
    </section>
  )
}

interface CurrentStepProps {
  at: number
  step: Step
  context: TourContext
  state: TourState
}

/** Waits until the step is done, and shows where. */
function CurrentStep({ at, step, context, state }: CurrentStepProps) {
  useEffect(() => {
    const isDone = step.begin(context)
    return effect(() => {
      if (isDone()) state.next(at)
    })
  }, [step])
  useRing(pointedAt(step, route.value.view))
  const show = (): void => {
    if (!document.querySelector(step.control) && step.place) goTo(step.place(context))
    focusWhenThere(step.control, () => state.isAt(at))
  }
  return (
    <div class="row">
      <button type="button" class="button main" onClick={show}>
        Show me
      </button>
      <button type="button" class="button" onClick={() => state.next(at)}>
        Skip this step
      </button>
    </div>
  )
}

/** A ring around all that a selector finds, also around what comes later. */
function useRing(selector: string): void {
  useEffect(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`:is(${selector}) { outline: 3px solid var(--accent); outline-offset: var(--ring, 2px) }`)
    document.adoptedStyleSheets.push(sheet)
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet)
    }
  }, [selector])
}

/** Gives a control the keyboard, in the middle of the window. */
function focusWhenThere(selector: string, isWanted: () => boolean, framesLeft = MAX_FRAMES): void {
  if (!isWanted()) return
  const found = document.querySelector<HTMLElement>(selector)
  if (found) {
    const control = found.matches(CAN_HAVE_FOCUS) ? found : found.querySelector<HTMLElement>(CAN_HAVE_FOCUS)
    control?.focus({ preventScroll: true })
    found.scrollIntoView({ block: 'center', inline: 'nearest' })
  } else if (framesLeft > 0) {
    requestAnimationFrame(() => focusWhenThere(selector, isWanted, framesLeft - 1))
  }
}

function goOn(state: TourState): { label: string; run: () => void } {
  return { label: 'Go on', run: () => state.show() }
}
