import { type Address, formatAddress } from '../../glia/address.ts'
import type { CallContext } from '../../glia/call-context.ts'
import type { GliaError } from '../../glia/errors.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { type Backlog, OutgoingDuplex } from './outgoing-duplex.ts'
import type { Carrier } from '../carrier/carrier.ts'

export interface OutgoingStreamInit {
  address: Address
  caller: string
  context: CallContext
  carrier: Carrier
  backlog: Backlog
  /** Called when the program of the method has exited with a code other than 0. */
  exited(exit: GliaError): void
}

/** The serving end of a guest's call, for the router. */
export class OutgoingStream extends OutgoingDuplex implements Stream {
  readonly protocol: string
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  readonly caller: string
  readonly context: CallContext
  readonly #exited: (exit: GliaError) => void

  constructor({ address, caller, context, carrier, backlog, exited }: OutgoingStreamInit) {
    super(carrier, backlog)
    this.#exited = exited
    this.protocol = formatAddress(address)
    this.destination = address.host
    this.procId = address.proc
    this.methodName = address.method
    this.caller = caller
    this.context = context
  }

  override closeWithExit(exit: GliaError): void {
    super.closeWithExit(exit)
    this.#exited(exit)
  }
}
