import type { Message, Told } from './outcome.ts'

interface MessageTools {
  bytesOf(message: Message): Uint8Array<ArrayBuffer>
  compare(reply: Uint8Array, message: Uint8Array): Told
}

declare global {
  var messageTools: MessageTools
}

/** For `addInitScript`. Pages make and compare messages themselves, so that none has to travel between page and Node. */
export function installMessageTools(): void {
  globalThis.messageTools = {
    bytesOf({ number, bytes }) {
      const message = new Uint8Array(bytes)
      for (let i = 4; i < bytes; i++) message[i] = Math.imul(number * 977 + i, 2654435761) >>> 24
      new DataView(message.buffer).setUint32(0, number, true)
      return message
    },
    compare(reply, message) {
      return { bytes: reply.length, same: reply.every((byte, i) => byte === message[i]) }
    },
  }
}

installMessageTools()

export const { bytesOf, compare } = messageTools
