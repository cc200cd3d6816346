/** The views that no first call needs, in one chunk: see `deferred.tsx`. */
export { JoinDialog } from './peers/join-dialog.tsx'
export { PeersView } from './peers/peers-view.tsx'
export { ProcessFacts } from './processes/process-facts.tsx'
export { SettingsView } from './settings/settings-view.tsx'
export { SpawnSheets } from './spawn/spawn-sheets.tsx'
export { SwapPanel } from './processes/swap-panel.tsx'
