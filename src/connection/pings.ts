import { Buffer } from "node:buffer";

import { type Deferred, defer, handled } from "../internal/deferred.js";
import type { ConnectionError } from "./connection-error.js";

const MAX_PAYLOAD_BYTES = 125;

interface PendingPing {
  readonly payload: Buffer;
  readonly sentAtMs: number;
  /** Who waits for the pong; nobody waits for that of a ping of the schedule. */
  readonly answered: Deferred<number> | undefined;
}

/** The pings that wait for their pongs, oldest first. */
export class Pings {
  /** None, as nearly always, is no list. */
  #pending: PendingPing[] | undefined;
  #roundTripMs: number | undefined;
  readonly #nowMs: () => number;
  #count = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The latest round-trip time that was measured; `undefined` before the first pong. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** Whether a pong is waited for. */
  get areUnderWay(): boolean {
    return this.#pending !== undefined;
  }

  /** Notes that a ping of the schedule goes out, and gives its payload. Of those only the latest is remembered. */
  probe(): Buffer {
    const payload = this.payloadOf(undefined);
    const awaited = this.#pending?.filter(({ answered }) => answered !== undefined) ?? [];
    this.#pending = [...awaited, { payload, sentAtMs: this.#nowMs(), answered: undefined }];
    return payload;
  }

  /**
   * The payload of the next ping: the one given, or a number that tells it from the others.
   *
   * @throws RangeError for more than 125 bytes.
   */
  payloadOf(given: string | Uint8Array | undefined): Buffer {
    const payload = Buffer.from(given ?? String(this.#count++));
    if (payload.length <= MAX_PAYLOAD_BYTES) return payload;
    throw new RangeError(`ping payload has ${payload.length} bytes; at most ${MAX_PAYLOAD_BYTES} fit (RFC 6455 §5.5)`);
  }

  /** Notes that a ping goes out; the promise resolves with the milliseconds until it is answered. */
  sent(payload: Buffer): Promise<number> {
    const answered = defer<number>();
    (this.#pending ??= []).push({ payload, sentAtMs: this.#nowMs(), answered });
    return handled(answered.promise);
  }

  /** A pong has come. It answers its ping and, since a peer may answer only the latest (RFC 6455 §5.5.3), all before it. */
  answered(bytes: Uint8Array, start: number, end: number): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const payload = bytes.subarray(start, end);
    const index = pending.findIndex((ping) => ping.payload.equals(payload));
    const nowMs = this.#nowMs();
    for (const ping of pending.splice(0, index + 1)) {
      this.#roundTripMs = nowMs - ping.sentAtMs;
      ping.answered?.resolve(this.#roundTripMs);
    }
    if (pending.length === 0) this.#pending = undefined;
  }

  /** No pong will come any more. */
  fail(error: ConnectionError): void {
    for (const ping of this.#pending ?? []) ping.answered?.reject(error);
    this.#pending = undefined;
  }
}
