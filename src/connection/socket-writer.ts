import type { Duplex } from "node:stream";

import { directHandle, writeDirectly } from "./direct-write.js";
import type { GatheredFrames } from "./gathered-frames.js";
import { TAKEN, type WhenTaken } from "./handle-write.js";
import type { SocketHandle } from "./socket-handle.js";
import { StreamWriter } from "./stream-writer.js";
import type { Transport } from "./transport.js";

const NOTHING = new Uint8Array(0);

/** What a writer tells the one that it belongs to. */
export interface SocketWriterOwner {
  /** The socket has dealt with what had to wait for the kernel. */
  onTaken(error: Error | null | undefined): void;
}

/** Writes to one socket, past its stream where that can be. */
export class SocketWriter {
  #socket!: Transport;
  /** There where the stream of the socket can be passed by. */
  #handle: SocketHandle | undefined;
  /** There where it cannot, once something was written. */
  #stream: StreamWriter | undefined;
  readonly #owner: SocketWriterOwner;
  /** Tells the owner; made when it is first needed. */
  #taken: WhenTaken | undefined;

  constructor(socket: Transport, owner: SocketWriterOwner) {
    this.serve(socket);
    this.#owner = owner;
  }

  /** Writes to `socket` from now on. */
  serve(socket: Transport): void {
    this.#socket = socket;
    this.#handle = directHandle(socket);
    this.#stream = undefined;
  }

  /** Bytes that were written, and that the kernel has not taken. */
  get untakenBytes(): number {
    if (this.#stream !== undefined) return this.#stream.untakenBytes;
    // The stream of a socket counts a chunk until the last byte of it is gone; the queue of its handle falls meanwhile.
    return this.#handle?.writeQueueSize || this.#socket.writableLength;
  }

  /** Whether there is nobody any more to write to. */
  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  /**
   * Writes all that is gathered, by one system call. Where the stream cannot be passed by it only takes it: `awaitTaken` writes it.
   *
   * Without a callback, as the kernel has nearly always taken what is written: given one, Node takes a turn of its queue for each
   * write, which costs an echo of 64 bytes with one in flight a seventh of its processor time (0.88 against 1.03 of `ws`'s). Only what is
   * in flight is waited for. A single stretch goes past the stream altogether.
   *
   * @returns whether the kernel has taken all; if not, `awaitTaken` follows
   */
  write(frames: GatheredFrames): boolean {
    const handle = this.#handle;
    if (handle === undefined) {
      this.#stream ??= new StreamWriter(this.#socket as Duplex, this.#whenTaken());
      this.#stream.take(frames.takeChunks());
      return false;
    }
    const run = frames.takeRun();
    if (run !== undefined) {
      const status = writeDirectly(this.#socket, handle, run);
      if (status === TAKEN) return true;
      if (status < 0) this.#socket.write(run);
    } else {
      this.#socket.cork();
      for (const chunk of frames.takeChunks()) this.#socket.write(chunk);
      this.#socket.uncork();
    }
    return this.untakenBytes === 0;
  }

  /** Has the owner told once the kernel has taken what `write` was given, of which it has not taken all. */
  awaitTaken(): void {
    if (this.#stream !== undefined) this.#stream.giveOn();
    else this.#socket.write(NOTHING, this.#whenTaken());
  }

  /** Ends our side behind what was written. */
  end(): void {
    if (this.#stream !== undefined) this.#stream.end();
    else this.#socket.end();
  }

  /** Forgets what the socket has not been given. */
  discard(): void {
    this.#stream = undefined;
  }

  #whenTaken(): WhenTaken {
    return (this.#taken ??= (error) => this.#owner.onTaken(error));
  }
}
