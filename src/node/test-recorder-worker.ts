// For tests: the worker that records calls, in a thread. The order of the imports matters.
// oxlint-disable-next-line import/no-unassigned-import -- it prepares the global scope
import './root/worker-scope.ts'
// oxlint-disable-next-line import/no-unassigned-import -- it is the worker
import '../../workers/actor/recorder.ts'
