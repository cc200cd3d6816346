import { type FrameOfPage, type FrameOfWorker, postFrame, readFrameOfWorker } from './frames.ts'

/** The page's end of the port to an actor worker. */
export class PagePort {
  /** The worker's end, to be posted to it. */
  readonly worker: MessagePort
  readonly #port: MessagePort
  #closed = false

  /**
   * @param receive Gets each message. @throws {TypeError} if it is none that a worker sends.
   * @param broken Gets that error.
   */
  constructor(receive: (frame: FrameOfWorker) => void, broken: (thrown: unknown) => void) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.worker = port2
    port1.onmessage = ({ data }: MessageEvent) => {
      try {
        receive(readFrameOfWorker(data))
      } catch (thrown) {
        broken(thrown)
      }
    }
  }

  readonly post = (frame: FrameOfPage): void => {
    if (!this.#closed) postFrame(this.#port, frame)
  }

  close(): void {
    this.#closed = true
    this.#port.close()
  }
}
