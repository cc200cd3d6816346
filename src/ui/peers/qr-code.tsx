/** The generator is large, so this module is loaded when a code is first shown. */
import { correction, generate } from 'lean-qr/nano'
import { qrPath } from './qr-path.ts'

/** Light modules around a code, as the standard asks. */
const QUIET = 4
/** Largest side of the picture, in CSS pixels: it fits a phone. */
const MAX_SIDE = 288

/**
 * A text as a QR code. It is dark on white in both themes, since scanners want that. A module is a whole number of
 * pixels, so edges are sharp.
 */
export function QrCode({ text, label }: { text: string; label: string }) {
  const code = generate(text, { minCorrectionLevel: correction.L })
  const units = code.size + 2 * QUIET
  const side = units * Math.max(2, Math.floor(MAX_SIDE / units))
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      width={side}
      height={side}
      viewBox={`${-QUIET} ${-QUIET} ${units} ${units}`}
      shape-rendering="crispEdges"
    >
      <rect x={-QUIET} y={-QUIET} width={units} height={units} fill="#fff" />
      <path d={qrPath(code)} fill="#000" />
    </svg>
  )
}
