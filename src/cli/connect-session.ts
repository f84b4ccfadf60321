import { setTimeout as delay } from "node:timers/promises";
import { type CloseInfo, type Connection, ConnectionError } from "../client/index.js";
import { messageOf } from "./cli-error.js";
import type { Report } from "./connect-output.js";
import { Silence } from "./silence.js";
import { TYPED_HELP, type TypedLine } from "./typed-line.js";

/** When a session ends by itself. */
export interface SessionEnd {
  /** Close after the first message. */
  readonly once: boolean;
  /** What becomes of the connection when there is no more to send. */
  readonly afterInput:
    | { readonly kind: "close" }
    /** Close when nothing has come for so long. */
    | { readonly kind: "close-in-silence"; readonly silenceMs: number }
    /** Leave that to the server. */
    | { readonly kind: "listen" };
  /** Milliseconds that the server has to show, by a pong, that it has read all that was sent, before the silence counts. */
  readonly pongTimeoutMs: number;
}

/** One connection between a user and a server, from open to closed. */
export class ConnectSession {
  readonly #connection: Connection;
  readonly #report: Report;
  readonly #end: SessionEnd;
  readonly #silence: Silence;
  #hasReceived = false;
  #hasUnsent = false;

  constructor(connection: Connection, report: Report, end: SessionEnd) {
    this.#connection = connection;
    this.#report = report;
    this.#end = end;
    this.#silence = new Silence(end.afterInput.kind === "close-in-silence" ? end.afterInput.silenceMs : 0);
  }

  /** Whether a message has come. */
  get hasReceived(): boolean {
    return this.#hasReceived;
  }

  /** Whether the connection ended while there was a message to send. */
  get hasUnsent(): boolean {
    return this.#hasUnsent;
  }

  /**
   * Reports what comes and does what `lines` say, until the connection is closed.
   *
   * Rejects with what reading the lines rejects with, once the connection is closed.
   */
  async run(lines: AsyncIterable<TypedLine>): Promise<CloseInfo> {
    const received = this.#receive();
    let failure: { readonly cause: unknown } | undefined;
    const obeyed = this.#obey(lines).catch(async (cause: unknown) => {
      failure = { cause };
      // What was sent before may still be answered.
      await this.#closeAfterInput();
    });
    // Whoever is to type the next line is not waited for once the connection has ended.
    await Promise.race([obeyed.then(() => received), received]);
    const info = await this.#connection.closed;
    if (failure !== undefined) throw failure.cause;
    return info;
  }

  async #receive(): Promise<void> {
    for await (const message of this.#connection) {
      this.#silence.broken();
      this.#hasReceived = true;
      await this.#report({ event: "message", message });
      if (!this.#end.once) continue;
      void this.#connection.close();
      return;
    }
  }

  async #obey(lines: AsyncIterable<TypedLine>): Promise<void> {
    for await (const line of lines) {
      const goesOn = await this.#do(line);
      if (!goesOn) return;
    }
    if (this.#end.afterInput.kind !== "listen") await this.#closeAfterInput();
  }

  async #closeAfterInput(): Promise<void> {
    if (this.#end.afterInput.kind === "close-in-silence") await this.#waitForSilence();
    void this.#connection.close();
  }

  /** Does what a line says; returns whether there is more to do. */
  async #do(line: TypedLine): Promise<boolean> {
    switch (line.kind) {
      case "send":
        return await this.#send(line.message);
      case "ping":
        void this.#ping(line.payload);
        return true;
      case "close":
        return await this.#close(line.code, line.reason);
      case "help":
        await this.#report({ event: "help", text: TYPED_HELP });
        return true;
      case "mistake":
        await this.#report({ event: "mistake", message: line.message });
        return true;
      case "nothing":
        return true;
    }
  }

  async #send(message: string | Uint8Array): Promise<boolean> {
    try {
      await this.#connection.send(message);
    } catch (error) {
      if (!isOver(error)) throw error;
      this.#hasUnsent = true;
      return false;
    }
    await this.#report({ event: "sent", message });
    return true;
  }

  async #ping(payload: string | undefined): Promise<void> {
    try {
      await this.#report({ event: "pong", roundTripMs: await this.#connection.ping(payload) });
    } catch (error) {
      if (!isOver(error)) throw error;
    }
  }

  async #close(code: number | undefined, reason: string): Promise<boolean> {
    try {
      void this.#connection.close(code, reason);
      return false;
    } catch (error) {
      await this.#report({ event: "mistake", message: messageOf(error) });
      return true;
    }
  }

  async #waitForSilence(): Promise<void> {
    const settled = new AbortController();
    const answered = this.#connection.ping().catch(() => {});
    const patience = delay(this.#end.pongTimeoutMs, undefined, { signal: settled.signal }).catch(() => {});
    await Promise.race([answered, patience]);
    settled.abort();
    await Promise.race([this.#silence.fallen(), this.#connection.closed]);
  }
}

/** Whether an error only says that the connection has ended, which is told once and elsewhere. */
function isOver(error: unknown): boolean {
  return error instanceof ConnectionError && error.code === "not-open";
}
