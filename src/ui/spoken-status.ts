import type { StatusView } from './model.ts'

/**
 * The part of a status that a screen reader says of its own accord: its first words, up to a number or a reason. So it speaks
 * when the peer comes on the mesh or leaves it, and keeps quiet while numbers change.
 */
export function spokenStatus({ text }: StatusView): string {
  return /^[^\d·:,]*/.exec(text)?.[0].trim() ?? ''
}
