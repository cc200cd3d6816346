/** Everything of this room, in one chunk: it is loaded with the first question, of this peer or of another one. */
export { askModule, askProcess } from './ask-module.ts'
export { fetchModule } from './fetch-module.ts'
export { ModuleAnswers } from './module-answers.ts'
export { ProvidedModules } from './provided-modules.ts'
