import { installErrorTransfer } from '../../../src/actors/worker/comlink-errors.ts'
import { noteWholeStacks } from '../../../src/actors/module/trap-text.ts'
import { lockDown } from './lockdown.ts'

/** Makes this worker one in which guests may run. */
export function prepareWorker(): void {
  lockDown(globalThis)
  noteWholeStacks()
  installErrorTransfer()
}
