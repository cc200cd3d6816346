/**
 * Entry of a root process's thread: the same actor worker as in the browser, in the place of a worker's global scope. The
 * order matters.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it prepares the global scope
import './worker-scope.ts'
// oxlint-disable-next-line import/no-unassigned-import -- it is the worker
import '../../../workers/actor/main.ts'
