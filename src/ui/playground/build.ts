import { formatBytes } from '../kit/format.ts'
import type { TabModel } from '../model.ts'
import type { PlaygroundState } from './playground-state.ts'

/** Compiles the text, and makes a process of it. The process of an earlier build gets the new module and stays. */
export async function build(model: TabModel, state: PlaygroundState): Promise<void> {
  await state.build.run(async (signal) => {
    const template = state.chosen.peek()
    const { language } = template
    const { text, name: given, pid } = state.sketch.peek()
    const name = given.trim() === '' ? template.name : given.trim()
    state.outcome.value = ''
    state.problems.value = undefined
    state.loaded.value = ''
    const { module, problems } = await model.compile(text, {
      language,
      signal,
      loading: (done, total) => (state.loaded.value = `${formatBytes(done)} of ${formatBytes(total)}`),
    })
    state.loaded.value = ''
    state.problems.value = { text, found: problems }
    if (!module) {
      const errors = problems.filter(({ isError }) => isError).length
      state.outcome.value = `Not built: ${errors === 1 ? 'one error' : `${errors} errors`}.`
      return
    }
    const draft = model.draft(new File([module], `${name}.wasm`))
    try {
      const before = model.processes.peek().find((each) => each.pid === pid)
      if (before) {
        await draft.swap(before.pid, signal)
        state.outcome.value = `${before.name} runs the new text: ${formatBytes(module.length)}.`
        return
      }
      const made = await draft.spawn({ name, policy: template.policy ?? {} }, signal)
      state.edit({ pid: made }, template)
      state.outcome.value = `${name} runs: ${formatBytes(module.length)}.`
    } finally {
      draft.drop()
    }
  })
}
