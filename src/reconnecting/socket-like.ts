/**
 * What is asked of a socket: the part of a WHATWG `WebSocket` that is used here. The browser's and Node's fit, that of
 * `halyard/web` and that of `ws` too; `socketOf` makes one of a connection of `halyard/client`.
 */
export interface SocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Payload bytes that `send` took and that have not left yet; it keeps its value when the connection closes. */
  readonly bufferedAmount: number;
  /** Payload bytes that never left, where `bufferedAmount` counts something else. */
  readonly unsentBytes?: number;
  /** The subprotocol that the server chose, or `""`. */
  readonly protocol: string;
  /** Set to what binary messages are to be. */
  binaryType: string;
  /** Called when the connection is open. */
  onopen: ((event: never) => unknown) | null;
  /** Called with each message. */
  onmessage: ((event: never) => unknown) | null;
  /** Called when it is over, also when it never opened. */
  onclose: ((event: never) => unknown) | null;
  /** Called when something went wrong; `onclose` follows. */
  onerror: ((event: never) => unknown) | null;
  /** Sends a message. */
  send(data: never): void;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
}

/** What a factory of sockets is told beside the URL. */
export interface OpenContext {
  /** The subprotocols to offer. */
  readonly protocols: readonly string[];
  /** Aborted when the attempt is given up: by the deadline, by `close()`, by `reconnect()`, by a first connection that was only silent. */
  readonly signal: AbortSignal;
}

/**
 * Opens a socket; it may be open already, or still connecting. What it throws or rejects with is a failed attempt. What is no socket
 * is closed where it can be, and ends the reconnecting socket.
 */
export type OpenSocket = (url: string, context: OpenContext) => SocketLike | Promise<SocketLike>;

/** The `WebSocket` of the runtime, as an `OpenSocket`. */
export function nativeSocket(): OpenSocket | undefined {
  const { WebSocket } = globalThis as { WebSocket?: new (url: string, protocols?: readonly string[]) => SocketLike };
  return WebSocket && ((url, { protocols }) => new WebSocket(url, protocols));
}
