import type { Sendable } from "./sendable.js";
import type { SocketLike } from "./socket-like.js";

/** What is asked of a connection: the part of one of `halyard/client` that is used here. */
export interface ConnectionLike {
  /** The subprotocol agreed on; `""` for none. */
  readonly subprotocol: string;
  /** Bytes queued to be sent. */
  readonly bufferedBytes: number;
  /** Settles when the connection is over. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string; readonly clean: boolean }>;
  /** Takes all messages from now on. */
  handle(handler: { message(connection: never, message: string | Uint8Array): void }): void;
  /** Sends a message. */
  write(message: never): boolean;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): unknown;
  /** Ends the connection at once. */
  terminate(): void;
}

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
export function socketOf(connection: ConnectionLike): SocketLike {
  return new ConnectionSocket(connection);
}

class ConnectionSocket implements SocketLike {
  readonly #connection: ConnectionLike;
  readyState = 1;
  readonly unsentBytes = 0;
  binaryType = "arraybuffer";
  onopen: SocketLike["onopen"] = null;
  onmessage: ((event: { readonly data: unknown }) => unknown) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => unknown) | null = null;
  onerror: SocketLike["onerror"] = null;

  constructor(connection: ConnectionLike) {
    this.#connection = connection;
    connection.handle({ message: (_, message) => this.onmessage?.({ data: this.#dataOf(message) }) });
    void connection.closed.then(({ code, reason, clean }) => {
      this.readyState = 3;
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
    this.#connection.write(message as never);
  }

  /** Without a code it is given up: there is nobody to wait for a closing handshake. */
  close(code?: number, reason?: string): void {
    this.readyState = Math.max(this.readyState, 2);
    if (code === undefined) this.#connection.terminate();
    else this.#connection.close(code, reason);
  }

  #dataOf(message: string | Uint8Array): unknown {
    if (typeof message === "string") return message;
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the DOM's types ask for it, Node's do not
    if (this.binaryType === "blob") return new Blob([message as Uint8Array<ArrayBuffer>]);
    const { buffer, byteOffset, byteLength } = message;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }
}
