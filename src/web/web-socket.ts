import { type CloseInfo, type Connection, type ConnectionHandler, connect, type Message } from "../client/index.js";
import { defineInterface } from "./attributes.js";
import { BufferedAmount } from "./buffered-amount.js";
import { readCloseArguments } from "./close-arguments.js";
import { CloseEvent } from "./close-event.js";
import { EventHandlers } from "./event-handlers.js";
import { OwnFailureEvent } from "./failure-event.js";
import { bufferOf } from "./incoming-data.js";
import { readOutgoingData, sizeOfData } from "./outgoing-data.js";
import { readWebSocketOptions } from "./web-options.js";
import type { BinaryType, WebSocket as WebSocketInterface, WebSocketConstructor } from "./web-socket-types.js";
import { readWebUrl } from "./web-url.js";

const ReadyState = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;
type ReadyState = (typeof ReadyState)[keyof typeof ReadyState];

/** WebIDL: too few arguments are a TypeError. */
function requireArgument(given: number, what: string): void {
  if (given === 0) throw new TypeError(`${what} takes at least one argument`);
}

/** The close frame's code and reason, of a connection that has ended. */
interface End {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
  /** What the `error` event tells, where there is to be one. */
  readonly error: Error | undefined;
}

/**
 * The class behind `WebSocket`. Every event is a task of its own (`setImmediate`), as the web has it: what waits for one by a promise
 * has run before the next one, and misses none.
 */
// oxlint-disable-next-line no-shadow -- its name is what users see
const WebSocketClass = class WebSocket extends EventTarget {
  readonly #url: URL;
  readonly #opening = new AbortController();
  readonly #handlers = new EventHandlers(this);
  readonly #buffered = new BufferedAmount();
  #readyState: ReadyState = ReadyState.CONNECTING;
  #binaryType: BinaryType = "blob";
  #connection: Connection<WebSocket> | undefined;
  /** Messages that have come and whose events are still to be dispatched. */
  #undelivered = 0;

  // `length` is 1: the second is optional.
  constructor(url: unknown, ...given: [protocols?: unknown]) {
    requireArgument(arguments.length, "WebSocket");
    super();
    this.#url = readWebUrl(url);
    const { protocols, options } = readWebSocketOptions(given[0]);
    const { signal } = this.#opening;
    connect<WebSocket>(this.#url, { ...options, subprotocols: protocols, signal, data: this }).then(
      (connection) => setImmediate(WebSocket.#open, connection),
      (error: Error) => setImmediate(WebSocket.#failed, this, error),
    );
  }

  get url(): string {
    return this.#url.href;
  }

  get readyState(): number {
    const isPeerClosing = this.#readyState === ReadyState.OPEN && this.#connection?.state !== "open";
    return isPeerClosing && this.#undelivered === 0 ? ReadyState.CLOSING : this.#readyState;
  }

  get bufferedAmount(): number {
    const connection = this.#connection;
    return this.#buffered.read(connection?.state === "closed" ? undefined : connection);
  }

  /**
   * Not of the web, nor of the type: what the reconnecting client asks, who sends again what certainly never left. `bufferedAmount` does
   * not say that: frame headers and writes that the kernel has taken in part are in it.
   */
  get unsentBytes(): number {
    return 0;
  }

  get extensions(): string {
    return this.#connection?.extensions ?? "";
  }

  get protocol(): string {
    return this.#connection?.subprotocol ?? "";
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  get onopen(): object | null {
    return this.#handlers.get("open");
  }

  set onopen(handler: unknown) {
    this.#handlers.set("open", handler);
  }

  get onmessage(): object | null {
    return this.#handlers.get("message");
  }

  set onmessage(handler: unknown) {
    this.#handlers.set("message", handler);
  }

  get onerror(): object | null {
    return this.#handlers.get("error");
  }

  set onerror(handler: unknown) {
    this.#handlers.set("error", handler);
  }

  get onclose(): object | null {
    return this.#handlers.get("close");
  }

  set onclose(handler: unknown) {
    this.#handlers.set("close", handler);
  }

  send(data: unknown): void {
    requireArgument(arguments.length, "send");
    const message = readOutgoingData(data);
    const connection = this.#connection;
    if (this.#readyState === ReadyState.CONNECTING) {
      throw new DOMException("cannot send before the WebSocket is open; wait for its open event", "InvalidStateError");
    }
    const size = sizeOfData(message);
    if (this.#readyState !== ReadyState.OPEN || connection?.state !== "open") {
      this.#buffered.drop(size);
      return;
    }
    this.#buffered.queue(size, connection);
    connection.write(message);
  }

  // `length` is 0: both are optional.
  close(...given: [code?: unknown, reason?: unknown]): void {
    const { code, reason } = readCloseArguments(given[0], given[1]);
    if (this.#readyState === ReadyState.CONNECTING) this.#opening.abort();
    if (this.#readyState <= ReadyState.OPEN) this.#readyState = ReadyState.CLOSING;
    void this.#connection?.close(code, reason);
  }

  static #open(this: void, connection: Connection<WebSocket>): void {
    const socket = connection.data;
    if (socket.#readyState !== ReadyState.CONNECTING) {
      connection.terminate();
      WebSocket.#failed(socket, givenUp());
      return;
    }
    socket.#connection = connection;
    socket.#readyState = ReadyState.OPEN;
    socket.dispatchEvent(new Event("open"));
    // Whatever listens from now on has been told of `open`: only now are messages read.
    connection.handle(WebSocket.#handler);
  }

  static readonly #handler: ConnectionHandler<WebSocket> = {
    message: ({ data: socket }, message) => {
      socket.#undelivered++;
      setImmediate(WebSocket.#deliver, socket, message);
    },
    error: (connection) => connection.data.#buffered.settle(connection),
    close: (connection, info) => void setImmediate(WebSocket.#finished, connection, info),
  };

  static #deliver(this: void, socket: WebSocket, message: Message): void {
    // WHATWG WebSockets, "a WebSocket message has been received": not unless the ready state is OPEN.
    if (socket.#readyState === ReadyState.OPEN) {
      const data = typeof message === "string" ? message : bytesAs(socket.#binaryType, message);
      socket.dispatchEvent(new MessageEvent("message", { data, origin: socket.#url.origin }));
    }
    socket.#undelivered--;
  }

  static #failed(this: void, socket: WebSocket, error: Error): void {
    socket.#end({ code: 1006, reason: "", wasClean: false, error });
  }

  static #finished(this: void, connection: Connection<WebSocket>, info: CloseInfo): void {
    const { receivedClose, data: socket } = connection;
    const { clean } = info;
    if (clean) socket.#buffered.clear();
    const { code, reason } = receivedClose ?? { code: 1006, reason: "" };
    socket.#end({ code, reason, wasClean: clean, error: clean ? undefined : (info.error ?? unclean()) });
  }

  #end({ error, ...how }: End): void {
    this.#readyState = ReadyState.CLOSED;
    if (error !== undefined) this.dispatchEvent(new OwnFailureEvent(error));
    this.dispatchEvent(new CloseEvent("close", how));
  }
};

defineInterface(
  WebSocketClass,
  [
    "url",
    "readyState",
    "bufferedAmount",
    "extensions",
    "protocol",
    "binaryType",
    "send",
    "close",
    "onopen",
    "onerror",
    "onclose",
    "onmessage",
  ],
  ReadyState,
);

function givenUp(): Error {
  return new Error("the WebSocket was closed before it was open");
}

function unclean(): Error {
  return new Error("the connection ended without a complete closing handshake");
}

/** The bytes of a message that is ours, as a listener gets them. */
function bytesAs(type: BinaryType, bytes: Uint8Array): Blob | ArrayBuffer {
  if (type === "blob") return new Blob([bufferOf(bytes)]);
  return bufferOf(bytes);
}

/** The `WebSocket` of the web for Node. It differs from browsers' in what docs/web.md lists. */
export type WebSocket = WebSocketInterface;

/**
 * The `WebSocket` of the web, on `connect` of `halyard/client`.
 *
 * @example
 * const socket = new WebSocket("wss://example.com/chat", "chat.v2");
 * socket.onmessage = ({ data }) => console.log(data);
 * socket.onopen = () => socket.send("hello");
 */
export const WebSocket: WebSocketConstructor = WebSocketClass as unknown as WebSocketConstructor;
