import type { StatusView } from './model.ts'

/**
 * The part of a status that a screen reader speaks by itself: its first words, up to a number or a reason. So it speaks
 * when the peer joins or leaves the mesh, and is quiet while numbers change.
 */
export function spokenStatus({ text }: StatusView): string {
  return /^[^\d·:,]*/.exec(text)?.[0].trim() ?? ''
}
