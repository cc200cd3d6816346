/**
 * The views that are no part of the frame of the page, in one chunk: see `deferred.tsx`. A view that brings a library has a
 * chunk of its own, and is not in this file.
 */
export { CallsView } from './calls/calls-view.tsx'
export { ChartsView } from './charts/charts-view.tsx'
export { JoinDialog } from './peers/join-dialog.tsx'
export { LinkNotices } from './peers/link-notices.tsx'
export { LinkPage } from './link/link-page.tsx'
export { Palette } from './palette.tsx'
export { PeersView } from './peers/peers-view.tsx'
export { PlaygroundView } from './playground/playground-view.tsx'
export { ProcessesView } from './processes-view.tsx'
export { ReplayView } from './calls/replay-view.tsx'
export { ProcessPage } from './process/process-page.tsx'
export { SettingsView } from './settings/settings-view.tsx'
export { SharedView } from './installed/shared-view.tsx'
export { SpawnSheets } from './spawn/spawn-sheets.tsx'
export { TourPlace } from './tour/tour-place.tsx'
export { Updates } from './installed/updates.tsx'
