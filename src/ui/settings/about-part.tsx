import { VERSION } from '../../glia/version.ts'
import type { Page } from '../page.ts'
import { TourButton } from '../tour/tour-button.tsx'

const SOURCE = 'https://github.com/glia-mesh/glia'

/** What runs here, and under which licences. */
export function AboutPart({ page }: { page: Page }) {
  return (
    <section class="panel" aria-labelledby="about-title">
      <h2 id="about-title">About</h2>
      <dl class="facts field">
        <dt>What the page does</dt>
        <dd>
          <TourButton page={page} />
        </dd>
        <dt>Version</dt>
        <dd>Glia {VERSION}</dd>
        <dt>Source</dt>
        <dd>
          <a href={SOURCE} rel="noreferrer" target="_blank">
            {SOURCE}
          </a>
        </dd>
        <dt>Licence</dt>
        <dd>
          MIT; <a href="licences.txt">licences of all that ships</a>
        </dd>
      </dl>
    </section>
  )
}
