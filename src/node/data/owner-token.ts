import { randomBytes } from 'node:crypto'

/** In the data folder: the token of the owner of what lives there. */
export const TOKEN_FILE = 'owner.token'

/** A new token of an owner: 256 random bits as text. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}
