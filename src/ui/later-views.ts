/** The views that no first call needs, as one chunk: see `deferred.tsx`. */
export { JoinDialog } from './join-dialog.tsx'
export { PeersView } from './peers-view.tsx'
export { ProcessFacts } from './process-facts.tsx'
export { SettingsView } from './settings-view.tsx'
export { SpawnSheets } from './spawn-sheets.tsx'
export { SwapPanel } from './swap-panel.tsx'
