import { Ledger, type Remains } from "./ledger.js";
import { ReconnectingError } from "./reconnecting-error.js";
import type { ResolvedOptions } from "./reconnecting-options.js";
import type { DropReason, SocketClose } from "./reconnecting-state.js";
import type { Received, Sendable } from "./sendable.js";
import type { SocketLike } from "./socket-like.js";

/** The code with which a connection is closed whose place another has taken. */
export const REPLACED = 4900;

/** What a link tells. After `ended` it tells nothing. */
export interface LinkEvents {
  opened(url: string): void;
  received(message: Received): void;
  ended(reason: DropReason): void;
}

/** One attempt, and the connection that it leads to. It ends once, and tells so once. */
export class Link {
  readonly #options: ResolvedOptions;
  readonly #events: LinkEvents;
  #ledger: Ledger;
  readonly #abort = new AbortController();
  #cancelDeadline: () => void = () => {};
  #socket: SocketLike | undefined;
  #isOpen = false;
  #isOver = false;
  /** Payload bytes that were left in the socket when it closed by itself. */
  #unsentBytes = 0;

  constructor(options: ResolvedOptions, attempt: number, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
    this.#ledger = new Ledger(options);
    this.#setDeadline(options.connectTimeoutMs, { kind: "connect-timeout" });
    void this.#connect(attempt);
  }

  get protocol(): string {
    return this.#socket?.protocol ?? "";
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** Bytes of what it was given that are with the socket no more. */
  get leftBytes(): number {
    return this.#ledger.givenInAll - this.bufferedAmount;
  }

  /**
   * What has become of the messages it was given, once it has ended. Which of them never left is known only of a socket that has
   * closed by itself: one that is given up may still send what it holds, as the web's sockets know a polite end only.
   */
  get remains(): Remains {
    return this.#ledger.remains(this.#unsentBytes);
  }

  /** Whether the socket takes messages. One that closes, and has not said so yet, would drop them. */
  get canSend(): boolean {
    return !this.#isOver && this.#socket?.readyState === 1;
  }

  /** @param isProbe of the heartbeat: nobody misses it when it is lost */
  send(message: Sendable, isProbe = false): void {
    this.#ledger.given(message, isProbe);
    this.#socket?.send(message as never);
  }

  /** A probe was answered, the oldest that has not been: what was sent before it has arrived. */
  confirm(): void {
    this.#ledger.confirm();
  }

  /** Begins the closing handshake of an open connection; `ended` follows when it is over, after `closeTimeoutMs` at the latest. */
  close(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#setDeadline(this.#options.closeTimeoutMs);
    this.#socket?.close(code, reason);
  }

  /** Gives the attempt or the connection up. */
  end(reason: DropReason = { kind: "requested" }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelDeadline();
    this.#abort.abort();
    this.#events.ended(reason);
    if (this.#socket !== undefined) discard(this.#socket);
  }

  #setDeadline(timeoutMs: number, reason?: DropReason): void {
    if (timeoutMs === Infinity) return;
    this.#cancelDeadline = this.#options.environment.startTimer(() => this.end(reason), timeoutMs);
  }

  async #connect(attempt: number): Promise<void> {
    const { url, open, protocols } = this.#options;
    const { signal } = this.#abort;
    try {
      await Promise.resolve(); // whoever made us may still add listeners
      if (this.#isOver) return;
      const address = String(typeof url === "function" ? await url({ attempt, signal }) : url);
      if (this.#isOver) return;
      const socket = await open(address, { protocols, signal });
      if (socket?.readyState === undefined) {
        discard(socket);
        throw new ReconnectingError("no-websocket", "open gave no WebSocket; see socketOf");
      }
      socket.onerror = () => {}; // a close event follows, and says more; `ws` throws an error that nobody hears
      if (this.#isOver) discard(socket);
      else this.#take(socket, address);
    } catch (error) {
      this.end({ kind: "connect-failed", error });
    }
  }

  #take(socket: SocketLike, url: string): void {
    this.#socket = socket;
    socket.binaryType = this.#options.binaryType;
    const opened = (): void => {
      if (this.#isOver || this.#isOpen) return;
      this.#isOpen = true;
      this.#cancelDeadline();
      this.#events.opened(url);
    };
    socket.onopen = opened;
    socket.onmessage = ({ data }: { data: Received }) => {
      if (!this.#isOver) this.#events.received(data);
    };
    socket.onclose = ({ code, reason, wasClean }: SocketClose) => {
      this.#unsentBytes = socket.unsentBytes ?? socket.bufferedAmount;
      // Nobody closes so by itself: it is the answer to our close frame, and comes once all that went before that was read.
      if (wasClean && code === REPLACED && this.#unsentBytes === 0) this.#ledger = new Ledger(this.#options);
      this.end(this.#isOpen ? { kind: "closed", code, reason, wasClean } : { kind: "connect-failed" });
    };
    if (socket.readyState === 1) opened();
    else if (socket.readyState > 1) this.end({ kind: "connect-failed" });
  }
}

/** Closes a socket that nobody listens to any more. */
function discard(socket: SocketLike): void {
  try {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  } catch {
    // It never was more than an attempt, or is no socket.
  }
}
