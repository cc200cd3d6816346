import { VERSION } from '../../glia/version.ts'

const SOURCE = 'https://github.com/glia-mesh/glia'

/** What runs here, and under which licences. */
export function AboutPart() {
  return (
    <section class="panel" aria-labelledby="about-title">
      <h2 id="about-title">About</h2>
      <dl class="facts field">
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
