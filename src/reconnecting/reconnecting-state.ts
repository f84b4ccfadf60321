/** How a connection that was open ended, as its `CloseEvent` tells. */
export interface SocketClose {
  /** The close code: the server's, or 1006 when there was no close frame. */
  readonly code: number;
  /** The server's reason; `""` for none. */
  readonly reason: string;
  /** Whether the closing handshake was complete. */
  readonly wasClean: boolean;
}

/** Why there is no connection now. */
export type DropReason =
  /** It closed: by a close frame, or without one (1006). */
  | ({ readonly kind: "closed" } & SocketClose)
  /** The attempt failed. Browsers do not say why; `error` is what `url` or `open` threw, where they did. */
  | { readonly kind: "connect-failed"; readonly error?: unknown }
  /** `connectTimeoutMs` were over before it was open. */
  | { readonly kind: "connect-timeout" }
  /**
   * Nothing came: within `heartbeat.timeoutMs` no answer to a probe and no second connection either, or nothing at all for
   * `silenceTimeoutMs`.
   */
  | { readonly kind: "silent" }
  /** Nothing of what the socket held left it for `stallTimeoutMs`. */
  | { readonly kind: "stalled" }
  /** The clock jumped: the machine slept, the process was stopped, or somebody set the clock, forwards or back. */
  | { readonly kind: "slept"; readonly forMs: number }
  /** The browser had frozen the page. */
  | { readonly kind: "frozen"; readonly forMs: number }
  /** The browser said that there is no network. */
  | { readonly kind: "offline" }
  /** `reconnect()` was called. */
  | { readonly kind: "requested" };

/** Why there will be no connection any more. */
export type EndReason =
  /** `close()` was called. */
  | { readonly kind: "requested" }
  /** `signal` was aborted; `cause` is its reason. */
  | { readonly kind: "aborted"; readonly cause: unknown }
  /** The server closed with a code after which nobody should come back (`shouldReconnect`). */
  | ({ readonly kind: "refused" } & SocketClose)
  /** `maxAttempts` in a row have failed. */
  | { readonly kind: "gave-up"; readonly attempts: number; readonly last: DropReason }
  /**
   * What `url` gave is no URL, as `new WebSocket`, `connect` or Node's `URL` say, `new WebSocket` does not take a subprotocol, or what
   * `open` gave is no WebSocket: trying again would not help.
   */
  | { readonly kind: "invalid"; readonly error: unknown };

/** What a reconnecting socket does now. Each change is a new, frozen object. */
export type ReconnectingState =
  /** An attempt is under way: the `attempt`-th since the last connection that lasted, from 1. */
  | { readonly kind: "connecting"; readonly attempt: number; readonly reason: DropReason | undefined }
  /**
   * `protocol` is the subprotocol that the server chose, or `""`. It follows another `"open"` where a second connection has taken the
   * place of the first: see `heartbeat`.
   */
  | { readonly kind: "open"; readonly url: string; readonly protocol: string }
  /** The next attempt begins at `retryAtMs` (as of `Date.now()`), earlier if the network or the user comes back. */
  | {
      readonly kind: "waiting";
      readonly attempt: number;
      readonly delayMs: number;
      readonly retryAtMs: number;
      readonly isOnline: boolean;
      readonly reason: DropReason;
    }
  /** `close()` was called, and the closing handshake is not over yet. */
  | { readonly kind: "closing" }
  /** The end: nothing comes after it. */
  | { readonly kind: "closed"; readonly reason: EndReason };
