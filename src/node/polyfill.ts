// Node 20 has no Promise.withResolvers, which libp2p 3.3 and Glia's code need. Import this before anything else.
// In a block, so that its types say nothing about it: older ones lack the method.
{
  const incomplete: Omit<PromiseConstructor, 'withResolvers'> & Partial<Pick<PromiseConstructor, 'withResolvers'>> =
    Promise

  // oxlint-disable-next-line unicorn/consistent-function-scoping -- outside it would be in the types
  incomplete.withResolvers ??= function withResolvers<T>(): PromiseWithResolvers<T> {
    let resolve!: PromiseWithResolvers<T>['resolve']
    let reject!: PromiseWithResolvers<T>['reject']
    const promise = new Promise<T>((fulfil, fail) => {
      resolve = fulfil
      reject = fail
    })
    return { promise, resolve, reject }
  }
}
