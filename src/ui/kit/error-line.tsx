import type { wordsOf } from './notices.tsx'

/** Why something failed, with the code, beneath what failed. Empty while there is no error. */
export function ErrorLine({ error }: { error: ReturnType<typeof wordsOf> | undefined }) {
  if (!error) return null
  return (
    <p class="call-error" role="alert">
      {error.message} <span class="mono">{error.code}</span>
    </p>
  )
}
