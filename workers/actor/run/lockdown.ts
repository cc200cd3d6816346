/**
 * What a worker could reach the outside with. The worker's Content-Security-Policy blocks the network ones already;
 * the storage and the broadcast ones no policy can block (indexedDB, caches and BroadcastChannel in Chromium 156 and
 * Firefox ESR 153), so they are deleted. A guest reaches JavaScript only through its imports; this is for the day when
 * one of those has a hole.
 */
const OUTSIDE = [
  'indexedDB',
  'caches',
  'BroadcastChannel',
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'WebTransport',
  'EventSource',
  'RTCPeerConnection',
  'Worker',
  'SharedWorker',
  'importScripts',
  'FileReader',
  'FileReaderSync',
  'IDBFactory',
  'CacheStorage',
  'StorageManager',
  'Notification',
  'navigator',
]

/** Removes them from the worker for good. @throws {Error} that names what could not be removed. */
export function lockDown(scope: object): void {
  for (const name of OUTSIDE) {
    for (let object: object | null = scope; object; object = Object.getPrototypeOf(object))
      Reflect.deleteProperty(object, name)
    if (name in scope) throw new Error(`This browser does not let a worker give up ${name}.`)
  }
}
