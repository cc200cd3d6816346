/** What Glia called itself up to version 0.2.0: with the version of its protocol in place of its own. */
const OLD_AGENT = /^glia\/0\.1\.0(?= |$)/

/** The software of a peer, as the peer says, without a version that is not that of the software. */
export function softwareWords(agent: string | undefined): string | undefined {
  return agent?.replace(OLD_AGENT, 'glia')
}
