import type { TabModel } from './model.ts'
export function App({ model }: { model: TabModel }) {
  return (
    <pre>
      {JSON.stringify(model.processes.value, null, 1)}
      {JSON.stringify(model.fatal.value)}
    </pre>
  )
}
