// Node 20 has no Promise.withResolvers, which libp2p 3.3 and Glia's code need. Import this before anything else.
const incomplete: Omit<PromiseConstructor, 'withResolvers'> & Partial<Pick<PromiseConstructor, 'withResolvers'>> =
  Promise

incomplete.withResolvers ??= function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>['resolve']
  let reject!: PromiseWithResolvers<T>['reject']
  const promise = new Promise<T>((fulfil, fail) => {
    resolve = fulfil
    reject = fail
  })
  return { promise, resolve, reject }
}
