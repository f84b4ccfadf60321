import type { Connection, Message } from "../connection/index.js";
import { type Deferred, defer } from "../internal/deferred.js";
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
 * What the server says first waits until somebody listens, by `onmessage` or `onclose`. What the socket had been given when it ended is
 * all uncertain: it counts bytes of frames, which do not say what messages have left.
 */
export function socketOf<Data>(connection: Connection<Data>): SocketLike {
  return new ConnectionSocket(connection);
}

/** What is said of a connection that ended without the peer's close frame, RFC 6455 §7.1.5. */
const NO_CLOSE_FRAME = { code: CloseCode.abnormal, reason: "" } as const;

type OnMessage = ((event: { readonly data: unknown }) => unknown) | null;
type OnClose = ((event: { code: number; reason: string; wasClean: boolean }) => unknown) | null;

class ConnectionSocket<Data> implements SocketLike {
  readonly #connection: Connection<Data>;
  readyState = 1;
  readonly unsentBytes = 0;
  binaryType = "arraybuffer";
  onopen: SocketLike["onopen"] = null;
  onerror: SocketLike["onerror"] = null;
  #onmessage: OnMessage = null;
  #onclose: OnClose = null;
  /** Settles when somebody listens, which the first message waits for; undefined from then on. */
  #listened: Deferred<void> | undefined = defer();

  constructor(connection: Connection<Data>) {
    this.#connection = connection;
    connection.handle({
      message: (_, message) => this.#receive(message),
      // Later, for it may have ended already, and nobody can listen yet.
      close: (_, { clean }) => queueMicrotask(() => this.#end(clean)),
    });
  }

  get onmessage(): OnMessage {
    return this.#onmessage;
  }

  set onmessage(listener: OnMessage) {
    this.#onmessage = listener;
    if (listener !== null) this.#listen();
  }

  get onclose(): OnClose {
    return this.#onclose;
  }

  set onclose(listener: OnClose) {
    this.#onclose = listener;
    if (listener !== null) this.#listen();
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

  /** Lets messages come, in a task of its own: whoever waits by a promise to hear that the socket is open has heard it then. */
  #listen(): void {
    setImmediate(() => {
      this.#listened?.resolve();
      this.#listened = undefined;
    });
  }

  #receive(message: Message): void | Promise<void> {
    return this.#listened === undefined ? this.#tell(message) : this.#listened.promise.then(() => this.#tell(message));
  }

  #tell(message: Message): void {
    this.#onmessage?.({ data: this.#dataOf(message) });
  }

  #end(wasClean: boolean): void {
    this.readyState = 3;
    // Ours in place of the peer's would look as if the server had refused us, where we had to give the connection up.
    const { code, reason } = this.#connection.receivedClose ?? NO_CLOSE_FRAME;
    this.#onclose?.({ code, reason, wasClean });
  }

  #dataOf(message: Message): unknown {
    if (typeof message === "string") return message;
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the DOM's types ask for it, Node's do not
    if (this.binaryType === "blob") return new Blob([message as Uint8Array<ArrayBuffer>]);
    const { buffer, byteOffset, byteLength } = message;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }
}
