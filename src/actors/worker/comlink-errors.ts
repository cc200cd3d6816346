import { transferHandlers } from 'comlink'
import { GliaError, isErrorCode } from '../../glia/errors.ts'

/**
 * Makes Comlink carry GliaErrors whole: the handler of comlink 4.4.2 drops `code` and `cause`. Call it on both sides,
 * before anything is exposed or wrapped.
 */
export function installErrorTransfer(): void {
  const handler = transferHandlers.get('throw')
  if (!handler) throw new Error('Comlink has no “throw” handler any more, so errors would lose their codes.')
  transferHandlers.set('throw', {
    canHandle: handler.canHandle,
    serialize: (thrown: { value: unknown }) => {
      const { value } = thrown
      const [wire, transferables] = handler.serialize(thrown)
      return [{ wire, code: value instanceof GliaError ? value.code : undefined }, transferables]
    },
    deserialize: ({ wire, code }: { wire: unknown; code: unknown }) => {
      try {
        return handler.deserialize(wire)
      } catch (thrown) {
        if (!isErrorCode(code)) throw thrown
        throw new GliaError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
      }
    },
  })
}
