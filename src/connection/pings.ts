import { Buffer } from "node:buffer";

import type { Deferred } from "../internal/deferred.js";
import type { ConnectionError } from "./connection-error.js";

const MAX_PAYLOAD_BYTES = 125;

interface PendingPing {
  readonly payload: Buffer;
  readonly sentAtMs: number;
  /** Who waits for the pong; nobody waits for that of a ping of the schedule. */
  readonly answered: Deferred<number> | undefined;
}

/** @throws RangeError for more than 125 bytes. */
export function pingPayload(given: string | Uint8Array): Buffer {
  const payload = Buffer.from(given as string);
  if (payload.length <= MAX_PAYLOAD_BYTES) return payload;
  throw new RangeError(`ping payload has ${payload.length} bytes; at most ${MAX_PAYLOAD_BYTES} fit (RFC 6455 §5.5)`);
}

/** The pings that wait for their pongs, oldest first. */
export class PendingPings {
  #pings: PendingPing[] = [];

  get isEmpty(): boolean {
    return this.#pings.length === 0;
  }

  /** A ping goes out. Of those that nobody waits for only the latest is remembered. */
  add(ping: PendingPing): void {
    if (ping.answered === undefined) this.#pings = this.#pings.filter(({ answered }) => answered !== undefined);
    this.#pings.push(ping);
  }

  /**
   * A pong has come. It answers its ping and, since a peer may answer only the latest (RFC 6455 §5.5.3), all before it.
   *
   * @returns the milliseconds that it took, undefined where it answers none
   */
  answer(bytes: Uint8Array, start: number, end: number, nowMs: number): number | undefined {
    const payload = bytes.subarray(start, end);
    const index = this.#pings.findIndex((ping) => ping.payload.equals(payload));
    let roundTripMs: number | undefined;
    for (const ping of this.#pings.splice(0, index + 1)) {
      roundTripMs = nowMs - ping.sentAtMs;
      ping.answered?.resolve(roundTripMs);
    }
    return roundTripMs;
  }

  /** No pong will come any more. */
  fail(error: ConnectionError): void {
    for (const { answered } of this.#pings.splice(0)) answered?.reject(error);
  }
}
