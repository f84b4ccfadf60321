import type { Buffer } from "node:buffer";
import { Socket } from "node:net";

import type { BareSocket } from "../../connection/index.js";
import type { SocketEnds } from "../opening.js";

type Done = (error?: Error | null) => void;

interface Chunk {
  readonly chunk: Buffer;
}

/**
 * The `net.Socket` of a request whose connection has none: it tells the addresses, what is written to it goes out, and it is closed when
 * the connection is, and the other way round. What the peer sends, the connection reads.
 */
export class StandInSocket extends Socket {
  readonly #bare: BareSocket;

  constructor(bare: BareSocket, ends: SocketEnds) {
    super({ allowHalfOpen: true, readable: true, writable: true });
    this.#bare = bare;
    const { remoteAddress, remotePort, localAddress, localPort } = ends;
    const remoteFamily = familyOf(remoteAddress);
    const localFamily = familyOf(localAddress);
    const told = { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily };
    for (const [name, value] of Object.entries(told)) Object.defineProperty(this, name, { value, configurable: true });
    bare.standIn = this;
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

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#bare.write(chunk, done);
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    for (const { chunk } of chunks.slice(0, -1)) this.#bare.write(chunk);
    this.#bare.write((chunks.at(-1) as Chunk).chunk, done);
  }

  override _final(done: Done): void {
    this.#bare.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#bare.destroy();
    done(error);
  }
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return address.includes(":") ? "IPv6" : "IPv4";
}
