import { type Deferred, defer } from "../internal/deferred.js";
import {
  answerClose,
  answerTo,
  buildClosePayload,
  closeByPeer,
  closeByUs,
  CloseCode,
  type ClosePayload,
  type CloseState,
  cutTransport,
  failByUs,
  OPEN,
  type Role,
  withoutHandshake,
} from "../protocol/index.js";
import { type CloseInfo, closeInfoOf } from "./close-info.js";
import { ClosingDeadline, type ClosingOwner } from "./closing-deadline.js";
import { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { closeTimeout, handlerFailed, lost, lostUnread, messageCut, notOpen } from "./end-errors.js";
import type { Guard } from "./guard.js";
import type { Inbound } from "./inbound.js";
import type { Outbox } from "./outbox.js";
import type { Reader } from "./reader.js";
import { destroySocket } from "./socket-end.js";
import type { TimerWheel } from "./timer-wheel.js";
import type { Transport } from "./transport.js";

/** What an ending tells of what goes wrong, and of its last steps. */
export interface EndingEvents {
  /** Something went wrong; if it is the end, `finished` follows. */
  failed(error: ConnectionError): void;
  /** The socket is closed and every message received has been delivered to the handler. */
  finished(info: CloseInfo): void;
}

/** What an ending works on: all that a connection is made of. */
export interface EndingConnection {
  readonly role: Role;
  readonly socket: Transport;
  readonly options: ResolvedConnectionOptions;
  readonly timers: TimerWheel;
  readonly events: EndingEvents;
  readonly guard: Guard;
  readonly reader: Reader;
  readonly inbound: Inbound;
  readonly outbox: Outbox;
  /** No pong will come any more. */
  failPings(): void;
  /** The socket is closed; messages may still wait to be read. */
  gone(info: CloseInfo): void;
}

/** How a connection ends, from the first sign of it until its last message has been delivered. An open connection has none. */
export class Ending implements ClosingOwner {
  /** What the peer's close frame said, once one has come. */
  receivedClose: ClosePayload | undefined;
  readonly #of: EndingConnection;
  #state: CloseState = OPEN;
  #deadline: ClosingDeadline | undefined;
  /** The peer has ended its side of the socket; what it sent before may still wait to be read. */
  #hasInputEnded = false;
  /** The first of what went wrong. */
  #error: ConnectionError | undefined;
  /** Set when the socket is closed. */
  #info: CloseInfo | undefined;
  #isFinished = false;
  /** Made when somebody asks for it. */
  #closed: Deferred<CloseInfo> | undefined;

  constructor(connection: EndingConnection) {
    this.#of = connection;
  }

  /** `"open"` until either side begins to close, `"closed"` once the socket is gone. */
  get phase(): "open" | "closing" | "closed" {
    if (this.#info !== undefined) return "closed";
    return this.#state.kind === "open" ? "open" : "closing";
  }

  /** Whether either side has begun to close, or the peer has ended its side of the socket. */
  get hasBegun(): boolean {
    return this.#state.kind !== "open" || this.#hasInputEnded;
  }

  /** Whether the connection is closed as far as its peer is concerned. */
  get isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<CloseInfo> {
    if (this.#closed === undefined) {
      this.#closed = defer();
      if (this.#info !== undefined) this.#closed.resolve(this.#info);
    }
    return this.#closed.promise;
  }

  /** The error of what can no longer be sent. */
  notOpen(): ConnectionError {
    return notOpen(this.#state, this.#error);
  }

  /** The error of a message that comes in pieces, of which no more will come. */
  messageCut(): ConnectionError {
    return messageCut(this.#error);
  }

  // By our wish.

  /** Starts the closing handshake; `payload` is what `buildClosePayload` made of `code` and `reason`. */
  begin(code: number, reason: string, payload: Uint8Array): void {
    if (this.#state.kind !== "open") return;
    this.#state = closeByUs(this.#state, { code, reason });
    this.#stopMessages();
    this.#startDeadline();
    this.#of.outbox.close(payload, noop);
    this.#of.inbound.pump();
  }

  /** Destroys the socket at once. */
  terminate(): void {
    this.#state = cutTransport(this.#state, "us");
    this.#stopMessages();
    destroySocket(this.#of.socket);
  }

  /** Ends with a last close frame that waits for no answer: RFC 6455 §7.1.7. */
  endFor(closeCode: CloseCode, reason: string, error: ConnectionError): void {
    if (this.#state.kind === "closed") return;
    this.#error ??= error; // for who still waits for a message, or for room
    const isCloseOwed = this.#state.kind === "open";
    this.#state = failByUs(this.#state, { code: closeCode, reason });
    this.#stopMessages();
    if (isCloseOwed) this.#of.outbox.fail(buildClosePayload(closeCode, reason));
    this.#endSocket();
    this.#blame(error);
  }

  /** Ends at once: the peer does not read, so it would see no close frame. */
  cutFor(closeCode: CloseCode, error: ConnectionError): void {
    if (this.#state.kind === "closed") return;
    this.#error ??= error;
    this.#state = failByUs(this.#state, { code: closeCode, reason: "" });
    this.#stopMessages();
    destroySocket(this.#of.socket);
    this.#blame(error);
  }

  /**
   * A handler threw or rejected. The peer learns 1011 and nothing else. That a `send` found the connection gone is how a
   * handler learns of it, and no failure of the handler's.
   */
  onHandlerFailure(cause: unknown): void {
    if (this.#state.kind !== "open" && cause instanceof ConnectionError && cause.code === "not-open") return;
    const error = handlerFailed(cause);
    if (this.#state.kind === "open") this.endFor(CloseCode.internalError, "", error);
    else this.#of.events.failed(error);
  }

  // By the peer's.

  /** Its close frame. */
  onClose(payload: ClosePayload): void {
    this.receivedClose ??= payload;
    this.#state = closeByPeer(this.#state, payload);
    this.#stopMessages();
    this.#startDeadline();
    if (this.#state.kind === "closed") {
      // Our own close frame may still stand in line, behind messages that were sent before it.
      this.#of.outbox.afterLine(() => this.#endSocket());
      return;
    }
    // RFC 6455 §5.5.1: an endpoint that did not send a close frame before MUST send one in response.
    const answer = answerTo(payload);
    this.#of.outbox.close(buildClosePayload(answer.code, answer.reason), () => {
      this.#state = answerClose(this.#state);
      this.#endSocket();
    });
  }

  /** The end of its side of the socket. What it sent before is gone through first. */
  onInputEnd(): void {
    this.#hasInputEnded = true;
    if (this.#of.inbound.isAllTaken) this.#concludeInput();
    else this.#startDeadline();
  }

  /** Everything received has been gone through. */
  onAllTaken(): void {
    if (this.#hasInputEnded) this.#concludeInput();
    if (this.#info === undefined) return;
    this.#of.inbound.release();
    this.#finish(this.#info);
  }

  // By itself.

  onCloseTimeout(): void {
    destroySocket(this.#of.socket);
    if (this.#state.kind === "closed" && !this.#of.outbox.hasUnsent) return;
    if (this.#hasInputEnded) {
      // It is lost, which shows when the socket closes.
      if (this.#state.kind !== "closed") this.#blame(lostUnread(this.#of.options));
      return;
    }
    this.#state = cutTransport(this.#state, "us");
    this.#blame(closeTimeout(this.#of.options));
  }

  onSocketError(cause: Error): void {
    if (this.#state.kind !== "closed") this.#blame(lost(cause));
  }

  onSocketClosed(): void {
    if (this.#info !== undefined) return;
    const { guard, outbox, inbound } = this.#of;
    guard.stop();
    this.#deadline?.stop();
    const wasCut = this.#state.kind !== "closed";
    const cut = cutTransport(this.#state, "peer");
    // Our close frame is not out when something ahead of it is not.
    this.#state = outbox.hasUnsent ? withoutHandshake(cut) : cut;
    const { summary } = this.#state;
    if (wasCut) this.#blame(lost());
    this.#info = closeInfoOf(summary, this.#error);
    outbox.end();
    outbox.discard();
    inbound.uncount();
    this.#of.failPings();
    this.#closed?.resolve(this.#info);
    this.#of.gone(this.#info);
    inbound.pump();
  }

  /** Keeps `error` as the reason of the end, if it is the first, and tells of it. */
  #blame(error: ConnectionError): void {
    if ((this.#error ??= error) === error) this.#of.events.failed(error);
  }

  /** Starts the time that the peer has for the end, unless it runs or has run out. */
  #startDeadline(): void {
    if (this.#info !== undefined) return;
    this.#deadline ??= new ClosingDeadline(this.#of.timers, this.#of.options.closeTimeoutMs, this);
  }

  #stopMessages(): void {
    this.#of.guard.stop();
    this.#of.inbound.stop();
    this.#of.outbox.leaveCommon();
  }

  /** Both close frames are out, or none is needed any more: ends our side of the socket and waits for the peer's. */
  #endSocket(): void {
    const { outbox, inbound } = this.#of;
    outbox.end();
    if (!this.#isLeftToPeer()) outbox.endSocket();
    inbound.ignoreRest();
    this.#startDeadline();
  }

  /**
   * RFC 6455 §7.1.1: after the closing handshake the server is the one to close the TCP connection first, and then the one that
   * keeps its port for a while (TIME_WAIT); a client waits for it.
   */
  #isLeftToPeer(): boolean {
    const state = this.#state;
    return this.#of.role === "client" && state.kind === "closed" && state.summary.clean && !this.#hasInputEnded;
  }

  #concludeInput(): void {
    if (this.#state.kind === "closed") {
      this.#of.outbox.endSocket();
      return;
    }
    this.#state = cutTransport(this.#state, "peer");
    this.#of.guard.stop();
    this.#of.reader.end();
    this.#endSocket();
    this.#blame(lost());
  }

  /** The socket is closed and every message is through: tells who waits, and the handler, once there is one. */
  #finish(info: CloseInfo): void {
    const { reader, events } = this.#of;
    if (this.#isFinished || reader.isBlocked) return;
    reader.end();
    if (!reader.hasHandler) return;
    this.#isFinished = true;
    events.finished(info);
  }
}

function noop(): void {}
