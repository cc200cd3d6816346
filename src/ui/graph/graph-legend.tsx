import type { ComponentChildren } from 'preact'

/** What shapes and lines mean. Words on the graph and on its card say the same. */
export function GraphLegend() {
  return (
    <ul class="graph-legend soft" aria-label="What shapes and lines mean">
      <Shape words="this tab">
        <circle cx="8" cy="8" r="6" class="self" />
      </Shape>
      <Shape words="peer">
        <circle cx="8" cy="8" r="5.5" />
      </Shape>
      <Shape words="relay">
        <path d="M8 1.5 14.5 8 8 14.5 1.5 8z" />
      </Shape>
      <Shape words="process">
        <rect x="2.5" y="2.5" width="11" height="11" rx="2.5" />
      </Shape>
      <Line kind="webrtc" words="WebRTC" />
      <Line kind="relayed" words="relayed" />
      <Line kind="socket" words="WebSocket, WebTransport, TCP" />
      <Line kind="watch" words="watch" />
      <Line kind="link" words="link" />
    </ul>
  )
}

function Shape({ words, children }: { words: string; children: ComponentChildren }) {
  return (
    <li>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {children}
      </svg>
      {words}
    </li>
  )
}

function Line({ kind, words }: { kind: string; words: string }) {
  return (
    <li>
      <svg viewBox="0 0 26 16" width="26" height="14" aria-hidden="true">
        <path d="M1 8h24" class={kind} />
      </svg>
      {words}
    </li>
  )
}
