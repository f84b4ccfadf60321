import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { WritableStream } from "node:stream/web";
import { inspect } from "node:util";

import { handled } from "../internal/deferred.js";
import { checkCallbacks } from "../internal/option-check.js";
import { buildClosePayload, CloseCode, type ClosePayload } from "../protocol/index.js";
import type { CloseInfo } from "./close-info.js";
import { HandlerCalls, type HandlerOf } from "./handler-calls.js";
import { publishOpen } from "./connection-channels.js";
import { type ConnectionInspection, pathWithoutSecrets } from "./inspection.js";
import { LaterHeaders } from "./later-headers.js";
import { Link, type LinkSetup } from "./link.js";
import type { MessageStream } from "./message-stream.js";
import { messageWriter } from "./message-writer.js";
import type { Message } from "./message.js";
import { Observation } from "./observation.js";
import { ObservedEvents } from "./observed-events.js";
import type { NextMessage } from "./reader.js";
import type { SendOptions } from "./send-options.js";
import type { Sendable } from "./sendable.js";
import { receiveInTime, type ReceiveOptions, receiveStreamInTime } from "./timed-receive.js";

/** The version of HTTP that a WebSocket was opened over: RFC 6455's own, or RFC 8441's, where it is one stream of many. */
export type HttpVersion = "1.1" | "2.0";

/** What the opening handshake settled. */
export interface ConnectionDetails<Data> {
  /** The peer's address and port: `"192.0.2.1:58036"`, `"[::1]:58036"`; `""` where there is none. */
  readonly remote: string;
  /** Our address and port. */
  readonly local: string;
  /** The subprotocol agreed on, `""` for none. */
  readonly subprotocol: string;
  /** The extensions agreed on, as the server has answered: `"permessage-deflate; server_max_window_bits=13"`. Default `""`. */
  readonly extensions?: string | undefined;
  /** On a server the request target, `"/echo?room=1"`; on a client the URL dialled, without credentials. */
  readonly url: string;
  /** The version of HTTP that the handshake was in. Default `"1.1"`. */
  readonly httpVersion?: HttpVersion | undefined;
  /**
   * The headers that the peer sent in the handshake: on a server those of the request, on a client those of the answer. Or what makes them
   * when somebody asks for them.
   */
  readonly headers: IncomingHttpHeaders | LaterHeaders;
  /** Yours: what `authorize` returned on a server, the option `data` on a client. */
  readonly data: Data;
}

/**
 * The callback way to use a connection. One object serves any number of connections, so state belongs in `connection.data`
 * or in a map of yours. Every member is optional; without `message`, messages are read and dropped.
 *
 * A callback that throws or rejects ends its connection with 1011.
 */
export interface ConnectionHandler<Data = unknown> extends HandlerOf<Connection<Data>> {
  /**
   * Whether `message` is done with a binary message when it returns; what it sends of it, other than in a stream, may still be under way. It
   * then gets a view of where the message was received, which is good until then: the memory is used again, and `message.buffer` has
   * more in it than the message. Default false: messages are yours to keep. docs/streams.md has the gain.
   */
  readonly borrows?: boolean | undefined;
}

const handlerNames: Readonly<Record<Exclude<keyof ConnectionHandler, "borrows">, true>> = {
  open: true,
  message: true,
  drain: true,
  close: true,
  error: true,
};
const callbackNames: readonly string[] = Object.keys(handlerNames);
const flagNames: readonly string[] = ["borrows"];

/** @throws TypeError for what cannot be a `ConnectionHandler`: an unknown name in a literal, a member that is no function. */
export function checkHandler(handler: unknown): void {
  checkCallbacks("handler", handler, callbackNames, flagNames);
}

let readLink: (value: object) => Link | undefined;

/** What a connection runs on, for the other parts of the library; undefined for what is no connection. */
export function linkOf(value: unknown): Link | undefined {
  return typeof value === "object" && value !== null ? readLink(value) : undefined;
}

/** Called for a failure of the user's own code that no handler of theirs takes. */
export type OnError = (error: unknown, connection: Connection) => void;

/**
 * One open WebSocket. Messages are received by one of `for await`, `receive` and `handle`; nothing is lost before one of
 * them begins, for the connection holds the first message and stops reading.
 *
 * @example
 * for await (const message of connection) await connection.send(message);
 */
export class Connection<Data = unknown> implements AsyncIterable<Message> {
  // First, for every message needs it.
  readonly #link: Link;

  /** The peer's address and port: `"192.0.2.1:58036"`, `"[::1]:58036"`; `""` where there is none. */
  readonly remote: string;
  /** Our address and port. */
  readonly local: string;
  /** The subprotocol agreed on, `""` for none. */
  readonly subprotocol: string;
  /** The extensions agreed on, as the server has answered: `"permessage-deflate; server_max_window_bits=13"`, or `""`. */
  readonly extensions: string;
  /** On a server the request target, `"/echo?room=1"`; on a client the URL dialled, without credentials. */
  readonly url: string;
  /** `"2.0"` for a stream of an HTTP/2 session (RFC 8441), `"1.1"` for a socket of its own. */
  readonly httpVersion: HttpVersion;
  /** Yours: what `authorize` returned on a server, the option `data` on a client. */
  readonly data: Data;

  #headers: IncomingHttpHeaders | LaterHeaders;
  readonly #calls: HandlerCalls<Connection<Data>>;

  /** Connections are made by `Upgrader`, `serve` and `connect`. */
  constructor(setup: LinkSetup, details: ConnectionDetails<Data>, onError: OnError, head: Buffer) {
    this.remote = details.remote;
    this.local = details.local;
    this.subprotocol = details.subprotocol;
    this.extensions = details.extensions ?? "";
    this.url = details.url;
    this.httpVersion = details.httpVersion ?? "1.1";
    this.#headers = details.headers;
    this.data = details.data;
    this.#calls = new HandlerCalls<Connection<Data>>(this, onError);
    this.#link = this.#openLink(setup);
    const { observation } = this.#link;
    observation?.tell((observer) => observer.opened?.(this));
    publishOpen(this);
    this.#link.start(setup.readBuffer, head);
  }

  #openLink(setup: LinkSetup): Link {
    const { observers } = setup.options;
    if (observers === undefined) return new Link(setup, this.#calls);
    const observation = new Observation(this, observers);
    return new Link({ ...setup, observation }, new ObservedEvents(this.#calls, observation));
  }

  /** The headers that the peer sent in the handshake: on a server those of the request, on a client those of the answer. */
  get headers(): IncomingHttpHeaders {
    if (this.#headers instanceof LaterHeaders) this.#headers = this.#headers.make();
    return this.#headers;
  }

  /** `"open"`; `"closing"` once either side has begun to; `"closed"` when the socket is gone. */
  get state(): "open" | "closing" | "closed" {
    return this.#link.state;
  }

  /** Resolves when the socket is gone. Never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#link.ending.closed;
  }

  /**
   * What the peer's close frame said, `undefined` as long as none has come: the code and reason that browsers tell of (RFC 6455 §7.1.5),
   * where `closed` tells those of whoever was first.
   */
  get receivedClose(): ClosePayload | undefined {
    return this.#link.receivedClose;
  }

  /** Bytes given to `send` and `write` that the kernel has not taken yet, frame headers included. */
  get bufferedBytes(): number {
    return this.#link.bufferedBytes;
  }

  /** Whether `bufferedBytes` has reached `highWaterMark` and not yet fallen to `lowWaterMark`. */
  get needsDrain(): boolean {
    return this.#link.needsDrain;
  }

  /**
   * The latest round-trip time in milliseconds, of a ping of the schedule or of `ping`; `undefined` until the first pong has come. It
   * contains the time that a slow reader of ours has kept the pong waiting.
   */
  get roundTripMs(): number | undefined {
    return this.#link.roundTripMs;
  }

  /**
   * Queues `message` behind those sent before, at once, and resolves when there is room for more. A binary message longer
   * than half of `writeBufferSize` is not copied: leave it as it is until `bufferedBytes` is 0; should its buffer be transferred
   * before it is written, the connection ends with 1011. An async iterable is sent as one message in fragments, each piece as it comes;
   * should it fail after its first piece, the connection ends with 1011, too.
   *
   * Rejects with `ConnectionError` `not-open` when the connection is not open or ends before there is room. A promise that
   * nobody awaits does not become an unhandled rejection.
   *
   * @throws TypeError for what cannot be sent.
   */
  send(message: Sendable, options?: SendOptions): Promise<void> {
    if (this.#link.state === "open") return this.#link.outbox.send(message, options);
    return handled(Promise.reject(this.#link.notOpen()));
  }

  /**
   * One message to be written piece by piece: strings for a text message, bytes for a binary one. Each piece goes out as it comes,
   * `write` waits for room, `close` ends the message. What is sent meanwhile waits for its end, so leave none open. Aborting it
   * after its first piece ends the connection with 1011, for a message that has begun cannot be taken back.
   *
   * @example
   * await Readable.toWeb(createReadStream("film.mp4")).pipeTo(connection.createWritable());
   */
  createWritable(options?: SendOptions): WritableStream<string | Uint8Array> {
    return messageWriter((source) => this.send(source, options));
  }

  /**
   * As `send`, without a promise. Returns whether there is room for more: after `false`, wait for `drain`. It is `false`
   * too when the connection is not open; the message is then not sent.
   *
   * @throws TypeError for what cannot be sent.
   */
  write(message: Sendable, options?: SendOptions): boolean {
    return this.#link.state === "open" && this.#link.outbox.write(message, options);
  }

  /**
   * Sends a ping and resolves with the round-trip time in milliseconds. Rejects with `ConnectionError` `not-open` when the
   * connection ends first.
   *
   * Pongs are seen only while messages are read. So do not await it in a handler or a loop that holds up reading meanwhile: it
   * would wait for ever, and not even notice that the peer leaves. Await it beside: `void socket.ping().then(...)`.
   *
   * @param payload up to 125 bytes; by default a number.
   * @throws RangeError for a longer payload.
   */
  ping(payload?: string | Uint8Array): Promise<number> {
    return this.#link.sendPing(payload);
  }

  /**
   * Starts the closing handshake, or joins the one under way; resolves when the socket is gone, at the latest after
   * `closeTimeoutMs`. What was sent before goes out first; what the peer still sends is dropped.
   *
   * @param code 1000 by default; 1000-1003, 1007-1014 or 3000-4999. 1005, "no code", sends a close frame without code and reason.
   * @param reason up to 123 bytes of UTF-8.
   * @throws RangeError for a code or reason that may not be sent.
   */
  close(code: number = CloseCode.normal, reason = ""): Promise<CloseInfo> {
    this.#link.beginClose(code, reason, buildClosePayload(code, reason));
    return this.#link.ending.closed;
  }

  /** `close()` with its defaults. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Destroys the socket at once, without a close frame; the peer sees 1006. */
  terminate(): void {
    this.#link.ending.terminate();
  }

  /**
   * Ends the connection with 1011 for a failure of yours, which goes to the handler's `error` or else to `onError`. The
   * `not-open` of a send that found this connection gone is none.
   */
  fail(cause: unknown): void {
    this.#link.onHandlerFailure(cause);
  }

  /**
   * The next message, or `undefined` when there will be no more. Rejects with `ConnectionError` `already-reading` while
   * another `receive`, loop or handler reads, with `receive-timeout` after `timeoutMs`, and with the reason of an aborted
   * `signal`. A message that comes after that is not lost: the next `receive` gets it.
   *
   * @throws RangeError or TypeError for options that are none.
   */
  receive(options?: ReceiveOptions): Promise<Message | undefined> {
    if (options !== undefined) return receiveInTime(this.#link.reader, this.#link.timers, options);
    return this.#link.reader.next().then(({ value }) => value);
  }

  /**
   * The next message as a stream of what has arrived of it, or `undefined` when there will be no more. It resolves with the
   * first byte, holds one piece at a time and stops the peer meanwhile, so a message of any length takes little memory: set
   * `maxMessageBytes` to what you allow. The next message is read when this one has ended or was cancelled.
   *
   * Rejects with `ConnectionError` `already-reading` while another `receive`, loop, stream or handler reads, and as `receive` does
   * when no message has begun within `timeoutMs` or before `signal` is aborted. Neither limits how long the rest of a message may
   * take: `messageTimeoutMs` does, and `cancel` of the stream gives it up.
   *
   * @throws RangeError or TypeError for options that are none.
   * @example
   * const message = await connection.receiveStream();
   * if (message?.type === "binary") await pipeline(message, createWriteStream("upload"));
   */
  receiveStream(options?: ReceiveOptions): Promise<MessageStream | undefined> {
    if (options !== undefined) return receiveStreamInTime(this.#link.reader, this.#link.timers, options);
    return this.#link.reader.nextStream();
  }

  /** Every message in order, until the connection closes. Leaving the loop leaves the connection open. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    const link = this.#link;
    let last: Promise<NextMessage> | undefined;
    return {
      next: () => (last = link.reader.next()),
      return: () => {
        link.reader.release(last);
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /**
   * Has `handler` take every message from now on, and be told of the rest of this connection's life.
   *
   * @throws ConnectionError `already-reading` when somebody reads already; TypeError for what is no handler.
   */
  handle(handler: ConnectionHandler<Data>): void {
    checkHandler(handler);
    this.#link.reader.handle(handler.borrows === true);
    this.#calls.handle(handler, (opened) => void this.#link.reader.await(opened));
    this.#link.reader.start();
  }

  /** What there is to know of the connection now, as plain values: for a log or a status page. It has no headers and no `data`. */
  inspect(): ConnectionInspection {
    const { bufferedBytes, needsDrain, observation, options, roundTripMs, isBusy, role } = this.#link;
    const { highWaterMark, lowWaterMark, maxBufferedBytes, closeTimeoutMs, liveness } = options;
    return {
      role,
      state: this.state,
      remote: this.remote,
      local: this.local,
      path: pathWithoutSecrets(this.url),
      subprotocol: this.subprotocol,
      extensions: this.extensions,
      bufferedBytes,
      needsDrain,
      roundTripMs,
      isBusy,
      counters: observation?.counters,
      limits: { ...options.limits, highWaterMark, lowWaterMark, maxBufferedBytes },
      timers: { ...liveness, closeTimeoutMs },
    };
  }

  static {
    readLink = (value) => (#link in value ? value.#link : undefined);
  }

  /** `Connection { server 127.0.0.1:58036 /echo open, 0 bytes queued }` in `console.log`. */
  static {
    // Not a member with a computed name, which declarations by file cannot express for this symbol.
    const describe = function (this: Connection): string {
      const { role, remote, path, state, bufferedBytes } = this.inspect();
      return `Connection { ${role} ${remote} ${path} ${state}, ${bufferedBytes} bytes queued }`;
    };
    Object.defineProperty(this.prototype, inspect.custom, { value: describe, configurable: true });
  }

  /** Whether `handle` was called. */
  get isHandled(): boolean {
    return this.#calls.hasHandler;
  }
}
