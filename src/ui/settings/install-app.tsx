import { showError } from '../kit/notices.tsx'
import { install, installOffer } from './install-offer.ts'

/** Installs the app, where the browser offers that. */
export function InstallApp() {
  if (!installOffer.value) return null
  return (
    <section class="panel" aria-labelledby="install-title">
      <h2 id="install-title">Install Glia</h2>
      <div class="field">
        <p>It then has a window of its own, opens .wasm files, and takes what other apps share.</p>
        <div class="row">
          <button type="button" class="button" onClick={ask}>
            Install
          </button>
        </div>
      </div>
    </section>
  )
}

function ask(): void {
  install().catch((thrown: unknown) => showError('Glia was not installed', thrown))
}
