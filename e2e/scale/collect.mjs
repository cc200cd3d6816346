// Loaded into a relay that is measured: it collects its garbage when it gets SIGUSR2. Otherwise the size of the heap says when
// V8 collected last, and not what a peer needs.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => collect())
