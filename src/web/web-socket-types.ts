import type { CloseEvent } from "./close-event.js";
import type { FailureEvent } from "./failure-event.js";
import type { WebSocketOptions } from "./web-options.js";

/** How the bytes of a message come: as a `Blob` or as an `ArrayBuffer`. */
export type BinaryType = "arraybuffer" | "blob";

/** The events of a `WebSocket` by their names. */
export interface WebSocketEventMap {
  /** The connection is over, or could not be opened. */
  close: CloseEvent;
  /** Something went wrong; `close` follows. */
  error: FailureEvent;
  /** A message has come. */
  message: MessageEvent;
  /** The connection is open. */
  open: Event;
}

/** A listener as a function, or as an object that is one. */
export type WebSocketListener<This, E extends Event> =
  | ((this: This, event: E) => unknown)
  | { handleEvent(event: E): void };

/** How a listener is added. */
export interface WebSocketListenerOptions {
  /** As of every event target: whether to be called before the target itself. */
  capture?: boolean;
  /** Whether to be called once only. */
  once?: boolean;
  /** Whether the listener promises not to cancel the event. */
  passive?: boolean;
  /** Takes the listener away when it is aborted. */
  signal?: AbortSignal;
}

/**
 * The `WebSocket` of the web, https://websockets.spec.whatwg.org/, member for member: one of these is one of the DOM's for the compiler
 * too, and the other way round.
 */
export interface WebSocket extends EventTarget {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  /** What was connected to, with the scheme ws or wss. */
  readonly url: string;
  /** 0 to 3: `CONNECTING`, `OPEN`, `CLOSING`, `CLOSED`. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** Bytes of messages given to `send` that the kernel has not taken, as of the beginning of this task. It is not reset by the end. */
  readonly bufferedAmount: number;
  /** The extensions agreed on, as the server has answered; `""` before that and for none. */
  readonly extensions: string;
  /** The subprotocol that the server has chosen; `""` before that and for none. */
  readonly protocol: string;
  /** How the bytes of messages come from now on. Default `"blob"`. What is neither of the two is ignored. */
  binaryType: BinaryType;
  /** Called when the connection is open. */
  onopen: ((this: WebSocket, event: Event) => unknown) | null;
  /** Called for each message: `event.data` is a string, a `Blob` or an `ArrayBuffer`. */
  onmessage: ((this: WebSocket, event: MessageEvent) => unknown) | null;
  /** Called when there will be no connection, or it has broken; `close` follows. */
  onerror: ((this: WebSocket, event: FailureEvent) => unknown) | null;
  /** Called once, at the end. */
  onclose: ((this: WebSocket, event: CloseEvent) => unknown) | null;
  /**
   * Queues a message. Bytes are copied. Once the connection is closing or closed it is dropped, and counted in `bufferedAmount`.
   *
   * @throws DOMException `InvalidStateError` while connecting; TypeError for shared or resizable memory.
   */
  send(data: string | ArrayBufferView<ArrayBuffer> | ArrayBuffer | Blob): void;
  /**
   * Starts the closing handshake, behind what was sent; while connecting, gives up.
   *
   * @param code 1000 or 3000-4999. Without one and without a reason the close frame is empty.
   * @param reason up to 123 bytes of UTF-8.
   * @throws DOMException `InvalidAccessError` for another code, `SyntaxError` for a longer reason.
   */
  close(code?: number, reason?: string): void;
  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: WebSocketListener<unknown, Event>,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | { capture?: boolean },
  ): void;
  removeEventListener(
    type: string,
    listener: WebSocketListener<unknown, Event>,
    options?: boolean | { capture?: boolean },
  ): void;
}

/** The class of `WebSocket`. */
export interface WebSocketConstructor {
  /** What all its sockets inherit from. */
  readonly prototype: WebSocket;
  /** The `readyState` before the connection is open. */
  readonly CONNECTING: 0;
  /** The `readyState` of an open connection. */
  readonly OPEN: 1;
  /** The `readyState` from the start of the closing handshake on. */
  readonly CLOSING: 2;
  /** The `readyState` when it is over. */
  readonly CLOSED: 3;
  /**
   * Begins to connect.
   *
   * @param url ws, wss, http or https, without a fragment; or `ws+unix:/path/to.sock:/request/path`.
   * @param protocols the subprotocols offered; or, here and not in browsers, an object of options.
   * @throws DOMException `SyntaxError` for a wrong URL or subprotocol; TypeError or RangeError for a wrong option.
   */
  new (url: string | URL, protocols?: string | string[] | WebSocketOptions): WebSocket;
}
