/**
 * The worker of an actor whose calls are recorded, and of one recorded call that is replayed. It is a script of its own,
 * so that other actors load nothing of it.
 */
import { expose } from 'comlink'
import type { RecorderWorkerApi } from '../../src/actors/recording/recorder-api.ts'
import { actorApi } from './actor-api.ts'
import { CallRecorder } from './recording/recorder.ts'
import { replay } from './recording/replay.ts'
import { prepareWorker } from './run/prepare-worker.ts'

prepareWorker()
expose({ ...actorApi(new CallRecorder()), replay } satisfies RecorderWorkerApi)
