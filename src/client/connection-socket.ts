import type { Connection, Message } from "../connection/index.js";
import { CloseCode } from "../protocol/index.js";
import type { Sendable, SocketLike } from "../reconnecting/index.js";

/**
 * A connection of `halyard/client` as a socket for `open`, so that a reconnecting socket runs where there is no `WebSocket`,
 * with what `connect` can do: headers, proxies, certificates.
 *
 * ```ts
 * new ReconnectingSocket(url, { open: async (url, { signal }) => socketOf(await connect(url, { signal })) });
 * ```
 *
 * What it had been given when it ended is all uncertain: it counts bytes of frames, which do not say what messages have left.
 */
export function socketOf<Data>(connection: Connection<Data>): SocketLike {
  return new ConnectionSocket(connection);
}

/** What is said of a connection that ended without the peer's close frame, RFC 6455 §7.1.5. */
const NO_CLOSE_FRAME = { code: CloseCode.abnormal, reason: "" } as const;

class ConnectionSocket<Data> implements SocketLike {
  readonly #connection: Connection<Data>;
  readyState = 1;
  readonly unsentBytes = 0;
  binaryType = "arraybuffer";
  onopen: SocketLike["onopen"] = null;
  onmessage: ((event: { readonly data: unknown }) => unknown) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => unknown) | null = null;
  onerror: SocketLike["onerror"] = null;

  constructor(connection: Connection<Data>) {
    this.#connection = connection;
    connection.handle({ message: (_, message) => void this.onmessage?.({ data: this.#dataOf(message) }) });
    void connection.closed.then(({ clean }) => {
      this.readyState = 3;
      // Ours in place of the peer's would look as if the server had refused us, where we had to give the connection up.
      const { code, reason } = connection.receivedClose ?? NO_CLOSE_FRAME;
      this.onclose?.({ code, reason, wasClean: clean });
    });
  }

  get bufferedAmount(): number {
    return this.#connection.bufferedBytes;
  }

  get protocol(): string {
    return this.#connection.subprotocol;
  }

  send(message: Sendable): void {
    this.#connection.write(message as Message);
  }

  /** Without a code it is given up: there is nobody to wait for a closing handshake. */
  close(code?: number, reason?: string): void {
    this.readyState = Math.max(this.readyState, 2);
    if (code === undefined) this.#connection.terminate();
    else void this.#connection.close(code, reason);
  }

  #dataOf(message: Message): unknown {
    if (typeof message === "string") return message;
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the DOM's types ask for it, Node's do not
    if (this.binaryType === "blob") return new Blob([message as Uint8Array<ArrayBuffer>]);
    const { buffer, byteOffset, byteLength } = message;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }
}
