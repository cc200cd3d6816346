/**
 * JavaScript Promise Integration, which TypeScript 7.0 does not declare:
 * https://github.com/WebAssembly/js-promise-integration
 */
declare namespace WebAssembly {
  /** An import whose promise suspends the guest. */
  const Suspending: new (call: (...args: never[]) => unknown) => ImportValue & object
  /** An export that gives a promise, so that its imports may suspend it. */
  function promising(entry: () => unknown): () => Promise<unknown>
}
