// What a table of processes needs only when somebody asks for it, in one file.
export { duplicate } from './duplicate.ts'
export { HotSwap } from './hot-swap.ts'
export { ProcessMemories } from './process-memories.ts'
export { PolicyChanges } from './policy-changes.ts'
export { RefusedProcesses } from './refused-processes.ts'
