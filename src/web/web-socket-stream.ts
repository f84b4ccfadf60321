import {
  ReadableStream,
  type ReadableStreamDefaultController,
  WritableStream,
  type WritableStreamDefaultController,
} from "node:stream/web";

import { type CloseInfo, type Connection, connect, type Message } from "../client/index.js";
import { type Deferred, defer, handled } from "../internal/deferred.js";
import { defineInterface } from "./attributes.js";
import { readCloseArguments } from "./close-arguments.js";
import { bufferOf } from "./incoming-data.js";
import { readOutgoingData } from "./outgoing-data.js";
import { read, type WebConnectOptions } from "./web-options.js";
import { isIterable, readProtocols } from "./web-protocols.js";
import { endError, type WebSocketCloseInfo, WebSocketError } from "./web-socket-error.js";
import { stringOf } from "./web-string.js";
import { readWebUrl } from "./web-url.js";

/** How to open a `WebSocketStream`: `protocols` and `signal` as in browsers, the rest for Node only. */
export interface WebSocketStreamOptions extends WebConnectOptions {
  /** The subprotocols offered, the favourite first. */
  readonly protocols?: readonly string[] | undefined;
  /** Gives up connecting when it is aborted. Once the connection is open it does nothing any more. */
  readonly signal?: AbortSignal | undefined;
}

/** What `opened` resolves with. */
export interface WebSocketOpenInfo {
  /** The messages received, one a chunk: strings for text, `ArrayBuffer`s for binary. The server is stopped while nobody reads. */
  readonly readable: ReadableStream<string | ArrayBuffer>;
  /** Takes messages to send, one a chunk: text, or bytes, which are copied. `write` waits for room. */
  readonly writable: WritableStream<string | ArrayBufferView | ArrayBuffer>;
  /** The extensions agreed on; `""` for none. */
  readonly extensions: string;
  /** The subprotocol that the server has chosen; `""` for none. */
  readonly protocol: string;
}

/** How the connection has ended, as the server's close frame said: 1005 for a frame without a code. */
export interface WebSocketStreamEnd {
  /** The close code: the peer's, or 1005 when it sent none. */
  readonly closeCode: number;
  /** The peer's reason; `""` for none. */
  readonly reason: string;
}

/**
 * The `WebSocketStream` of Chromium for Node: one WebSocket as a pair of streams, with back-pressure both ways. Neither `opened` nor
 * `closed` becomes an unhandled rejection.
 *
 * @example
 * const stream = new WebSocketStream("wss://example.com/prices");
 * const { readable } = await stream.opened;
 * for await (const message of readable) console.log(message);
 */
export class WebSocketStream {
  readonly #url: URL;
  readonly #opening = new AbortController();
  readonly #opened: Deferred<WebSocketOpenInfo> = defer();
  readonly #closed: Deferred<WebSocketStreamEnd> = defer();
  #connection: Connection<undefined> | undefined;
  #input: ReadableStreamDefaultController<string | ArrayBuffer> | undefined;
  #output: WritableStreamDefaultController | undefined;

  /**
   * Begins to connect.
   *
   * @throws DOMException `SyntaxError` for a wrong URL or subprotocol; TypeError or RangeError for a wrong option.
   */
  constructor(url: string | URL, options: WebSocketStreamOptions = {}) {
    if (arguments.length === 0) throw new TypeError("WebSocketStream takes a URL");
    const { protocols = [], signal, ...rest } = options;
    checkOptions(options);
    this.#url = readWebUrl(url);
    void handled(this.#opened.promise);
    void handled(this.#closed.promise);
    const { protocols: names, options: checked } = read(readProtocols([...protocols]), rest);
    if (signal?.aborted === true) {
      this.#fail(signal.reason);
      return;
    }
    void this.#open({ ...checked, subprotocols: names }, signal);
  }

  /** What was connected to, with the scheme ws or wss. */
  get url(): string {
    return this.#url.href;
  }

  /** Resolves when the connection is open; rejects with a `WebSocketError` or with the reason of the aborted `signal`. */
  get opened(): Promise<WebSocketOpenInfo> {
    return this.#opened.promise;
  }

  /** Resolves when the connection has been closed by the handshake; rejects with a `WebSocketError` when it has broken. */
  get closed(): Promise<WebSocketStreamEnd> {
    return this.#closed.promise;
  }

  /**
   * Starts the closing handshake, behind what was written; while connecting, gives up. Messages that have not been read are dropped.
   *
   * @throws DOMException as `close` of a `WebSocket` does.
   */
  close(info: WebSocketCloseInfo = {}): void {
    if ((typeof info !== "object" && typeof info !== "function") || info === null) {
      throw new TypeError("close takes an object: { closeCode, reason }");
    }
    const { code, reason } = readCloseArguments(info.closeCode, info.reason);
    if (this.#connection === undefined) this.#opening.abort();
    void this.#connection?.close(code, reason);
  }

  async #open(options: Parameters<typeof connect>[1], signal: AbortSignal | undefined): Promise<void> {
    const opening = this.#opening;
    const giveUp = (): void => opening.abort();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const connection = await connect(this.#url, { ...options, data: undefined, signal: opening.signal });
      if (opening.signal.aborted) connection.terminate();
      opening.signal.throwIfAborted();
      this.#begin(connection);
    } catch (error) {
      if (signal?.aborted === true) this.#fail(signal.reason);
      else this.#fail(endError("the WebSocket could not be opened", null, "", error));
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #fail(error: unknown): void {
    this.#opened.reject(error);
    this.#closed.reject(error);
  }

  #begin(connection: Connection<undefined>): void {
    this.#connection = connection;
    const readable = new ReadableStream<string | ArrayBuffer>(
      {
        start: (controller) => void (this.#input = controller),
        pull: async (controller) => {
          const message = await connection.receive();
          if (message !== undefined) controller.enqueue(chunkOf(message));
          else await this.#closed.promise;
        },
        cancel: (reason) => this.#closeFor(reason),
      },
      { highWaterMark: 0 },
    );
    const writable = new WritableStream<string | ArrayBufferView | ArrayBuffer>({
      start: (controller) => void (this.#output = controller),
      write: async (chunk) => await this.#write(connection, chunk),
      close: async () => {
        this.#output = undefined;
        void connection.close(1005);
        await this.#closed.promise;
      },
      abort: (reason) => this.#closeFor(reason),
    });
    void connection.closed.then((info) => this.#finish(connection, info));
    const { extensions, subprotocol: protocol } = connection;
    this.#opened.resolve({ readable, writable, extensions, protocol });
  }

  async #write(connection: Connection<undefined>, chunk: unknown): Promise<void> {
    // A Blob is none of what is written in Chromium either: it becomes a string.
    const message = chunk instanceof Blob ? stringOf(chunk) : readOutgoingData(chunk);
    try {
      await connection.send(message);
    } catch {
      // The stream tells how it ended, and not what that made of this message.
      await this.#closed.promise;
      throw alreadyClosed();
    }
  }

  /** Closes for what `abort` or `cancel` were given. */
  #closeFor(given: unknown): void {
    const { closeCode, reason } = given instanceof WebSocketError ? given : { closeCode: null, reason: "" };
    void this.#connection?.close(closeCode ?? 1005, reason);
  }

  #finish(connection: Connection<undefined>, info: CloseInfo): void {
    const { code, reason } = connection.receivedClose ?? { code: 1006, reason: "" };
    if (info.clean) {
      this.#closed.resolve({ closeCode: code, reason });
      this.#output?.error(alreadyClosed());
      attempt(() => this.#input?.close());
      return;
    }
    const error = endError("the WebSocket did not close cleanly", code, reason, info.error);
    this.#closed.reject(error);
    this.#output?.error(error);
    const isAllRead = !connection.inspect().isBusy; // if not, `pull` fails the stream behind the last message
    if (isAllRead) attempt(() => this.#input?.error(error));
  }
}

defineInterface(WebSocketStream, ["url", "opened", "closed", "close"]);

/** @throws TypeError as WebIDL does for a dictionary with members of the wrong kind. */
function checkOptions(options: WebSocketStreamOptions): void {
  const { protocols, signal } = options;
  if (typeof options !== "object" || Array.isArray(options)) {
    throw new TypeError('WebSocketStream takes an object of options, as { protocols: ["chat"] }');
  }
  if (protocols !== undefined && !isIterable(protocols)) {
    throw new TypeError("option protocols takes a list of names");
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError("option signal takes an AbortSignal");
  }
}

/** The bytes of a message as Chromium gives them. */
function chunkOf(message: Message): string | ArrayBuffer {
  return typeof message === "string" ? message : bufferOf(message);
}

function alreadyClosed(): DOMException {
  return new DOMException("the WebSocket is closed", "InvalidStateError");
}

/** A stream that was cancelled meanwhile has nobody left to tell. */
function attempt(tell: () => void): void {
  try {
    tell();
  } catch {
    // It has ended already.
  }
}
