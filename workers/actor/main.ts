/**
 * An actor's worker. Control comes through Comlink, bytes through rings or a port; what runs here reaches nothing else.
 * See README.md here.
 */
import { expose } from 'comlink'
import { actorApi } from './actor-api.ts'
import { prepareWorker } from './run/prepare-worker.ts'

prepareWorker()
expose(actorApi())
