import { Buffer } from "node:buffer";
import { type Server, Socket } from "node:net";

import type { BareSocket } from "../../connection/index.js";
import type { SocketEnds } from "../opening.js";

type Done = (error?: Error | null) => void;

interface Chunk {
  /** Of a `net.Socket`, which leaves it to its handle to encode. */
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}

/**
 * The `net.Socket` of a request whose connection has none: it tells the addresses, what is written to it goes out, and it is closed when
 * the connection is, and the other way round. What the peer sends, the connection reads.
 */
export class StandInSocket extends Socket {
  readonly #bare: BareSocket;

  /** @param server what the connection was made to */
  constructor(bare: BareSocket, ends: SocketEnds, server: Server) {
    super({ allowHalfOpen: true, readable: true, writable: true });
    this.#bare = bare;
    const { remoteAddress, remotePort, localAddress, localPort } = ends;
    const remoteFamily = familyOf(remoteAddress);
    const localFamily = familyOf(localAddress);
    const addresses = { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily };
    const told = { ...addresses, server, pending: false };
    for (const [name, value] of Object.entries(told)) Object.defineProperty(this, name, { value, configurable: true });
    Object.defineProperty(this, "bytesRead", { get: () => bare.handle.bytesRead, configurable: true });
    this.on("error", ignore); // as the server listens
    bare.standIn = this;
    if (bare.destroyed) this.destroy();
  }

  override address(): object {
    return { address: this.localAddress, port: this.localPort, family: this.localFamily };
  }

  override setNoDelay(isWanted = true): this {
    if (!this.#bare.destroyed) this.#bare.handle.setNoDelay(isWanted);
    return this;
  }

  override setKeepAlive(isWanted = false, delayMs = 0): this {
    if (!this.#bare.destroyed) this.#bare.handle.setKeepAlive(isWanted, Math.floor(delayMs / 1000));
    return this;
  }

  override resetAndDestroy(): this {
    this.#bare.reset();
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    this.#send(bytesOf({ chunk, encoding }), done);
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    this.#send(Buffer.concat(chunks.map(bytesOf)), done);
  }

  override _final(done: Done): void {
    this.#bare.write(NOTHING, (error) => {
      this.#bare.end();
      done(error);
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#bare.destroy();
    super._destroy(error, done); // which tells of `close`, and ends what `setTimeout` began
  }

  /** What the kernel takes at once is done at once, as on any socket: what is written behind it does not wait. */
  #send(bytes: Buffer, done: Done): void {
    this.#bare.write(bytes);
    if (this.#bare.destroyed || this.#bare.handle.writeQueueSize > 0) this.#bare.write(NOTHING, done);
    else done();
  }
}

const NOTHING = new Uint8Array(0);

function bytesOf({ chunk, encoding }: Chunk): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
}

function ignore(): void {}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return address.includes(":") ? "IPv6" : "IPv4";
}
