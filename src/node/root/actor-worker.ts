/**
 * Entry of the thread of a root process: the actor worker of the browser, with a thread in the place of a worker's
 * global scope. The order of the imports matters.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it prepares the global scope
import './worker-scope.ts'
// oxlint-disable-next-line import/no-unassigned-import -- it is the worker
import '../../../workers/actor/main.ts'
