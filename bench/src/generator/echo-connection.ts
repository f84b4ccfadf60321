import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { MessageRing } from "./message-ring.js";
import { openingHandshake } from "./opening-handshake.js";
import { ReplyChecker } from "./reply-checker.js";
import type { Target } from "./settings.js";
import { socketWriter, streamWriter, type Write } from "./socket-writer.js";

/** What a connection tells the load that it belongs to. */
export interface ReplySink {
  /** Whole, checked replies arrived on `connection`. */
  onReplies(connection: EchoConnection, count: number): void;
  /** The connection is of no use any more: a wrong reply, or an end that nobody asked for. */
  onFailure(error: Error): void;
}

/** One reply in this many is compared byte by byte. Prime, so that every message of a ring has its turn. */
const compareEvery = 61;

/** Reads are synchronous, so one buffer serves every connection of the process. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

const host = "127.0.0.1";
const PING = 0x89;
const PONG = 0x8a;

/**
 * A client connection with nothing of a WebSocket library in it: it writes finished bytes and checks what comes back.
 */
export class EchoConnection {
  /** Its number among those of its load. */
  readonly place: number;
  readonly #sink: ReplySink;
  readonly #messages: MessageRing;
  readonly #checker: ReplyChecker;
  #socket: Socket | undefined;
  #write: Write | undefined;
  #isClosing = false;

  constructor(messages: MessageRing, sink: ReplySink, place: number) {
    this.place = place;
    this.#sink = sink;
    this.#messages = messages;
    this.#checker = new ReplyChecker(messages, compareEvery);
  }

  /** Replies whose every byte was compared so far. */
  get compared(): number {
    return this.#checker.compared;
  }

  /** Connects and upgrades; resolves when messages can be sent. Once only. */
  open({ port, path, isSecure }: Target): Promise<void> {
    return new Promise((resolve, reject) => {
      const handshake = openingHandshake(`${host}:${port}`, path);
      let head: Buffer | undefined = Buffer.alloc(0);

      const onBytes = (bytes: Buffer, length: number): void => {
        if (head === undefined) return this.#onReplyBytes(bytes, length);
        head = Buffer.concat([head, bytes.subarray(0, length)]);
        const answerBytes = handshake.answerBytes(head);
        if (answerBytes === undefined) return;
        if (answerBytes !== head.length) throw new Error("the server sent messages before the first request");
        head = undefined;
        if (this.#socket !== undefined)
          this.#write = isSecure === true ? streamWriter(this.#socket) : socketWriter(this.#socket);
        resolve();
      };
      const fail = (error: Error): void => {
        if (head === undefined) this.#fail(error);
        else reject(error);
      };

      const take = (bytes: Buffer, length: number): boolean => {
        try {
          onBytes(bytes, length);
        } catch (error) {
          fail(error as Error);
        }
        return true;
      };
      const onConnected = (): void => void this.#socket?.write(handshake.request);
      if (isSecure === true) {
        this.#socket = connectSecurely({ port, host, rejectUnauthorized: false }, onConnected);
        this.#socket.setNoDelay(true);
        this.#socket.on("data", (bytes: Buffer) => take(bytes, bytes.length));
      } else {
        const onread = { buffer: readBuffer, callback: (length: number): boolean => take(readBuffer, length) };
        this.#socket = connect({ port, host, noDelay: true, onread }, onConnected);
      }
      this.#socket.on("error", fail);
      this.#socket.on("close", () => fail(new Error("the server closed the connection")));
    });
  }

  /** Sends the next `count` messages with one write. */
  send(count: number): void {
    this.#write?.(this.#messages.take(count));
  }

  /** Drops the connection; resolves when the socket is gone. */
  close(): Promise<void> {
    this.#isClosing = true;
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy();
    });
  }

  #onReplyBytes(bytes: Buffer, length: number): void {
    const at = this.#checker.isBetweenReplies ? this.#answerPings(bytes, length) : 0;
    const replies = this.#checker.take(at === 0 ? bytes : bytes.subarray(at), length - at);
    if (replies > 0) this.#sink.onReplies(this, replies);
  }

  /** Those at the start of a chunk, which is where pings are when nothing else goes on; gives their length. */
  #answerPings(bytes: Buffer, length: number): number {
    let at = 0;
    while (at + 1 < length && bytes[at] === PING) {
      const end = at + 2 + (bytes[at + 1] ?? 0);
      const payload = bytes.subarray(at + 2, end);
      this.#write?.(Buffer.concat([Buffer.from([PONG, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
      at = end;
    }
    return at;
  }

  #fail(error: Error): void {
    if (!this.#isClosing) this.#sink.onFailure(error);
  }
}
