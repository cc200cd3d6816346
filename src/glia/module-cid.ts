/** A CID of version 1 in base32, of plain bytes, with a sha2-256 hash: the only form that Glia gives to modules. */
export function isModuleCid(text: string): boolean {
  return /^bafkrei[a-z2-7]{52}$/.test(text)
}
