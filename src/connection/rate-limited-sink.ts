import type { ClosePayload, FaultCode, ReceiverSink } from "../protocol/index.js";
import type { RateLimit } from "./rate-limit.js";

/**
 * What stands between the receiver and a connection whose peer is held to a rate: it counts messages and control frames, and has the
 * receiver stop behind the message that spends the last token. A connection without a rate limit has none of this.
 */
export class RateLimitedSink implements ReceiverSink {
  readonly #sink: ReceiverSink;
  readonly #rate: RateLimit;

  constructor(sink: ReceiverSink, rate: RateLimit) {
    this.#sink = sink;
    this.#rate = rate;
  }

  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    if (!this.#rate.countMessage()) return true;
    const goOn = this.#sink.text(bytes, start, end, isAscii);
    return goOn && !this.#rate.isSpent;
  }

  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    if (!this.#rate.countMessage()) return true;
    const goOn = this.#sink.binary(bytes, start, end, isOwned);
    return goOn && !this.#rate.isSpent;
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#sink.begin(isText, isCompressed);
  }

  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    if (isLast && !this.#rate.countMessage()) return true;
    const goOn = this.#sink.piece(bytes, start, end, isLast);
    return goOn && !this.#rate.isSpent;
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    if (this.#rate.countMessage()) this.#sink.ping(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    if (this.#rate.countMessage()) this.#sink.pong(bytes, start, end);
  }

  close(payload: ClosePayload): void {
    this.#sink.close(payload);
  }

  fault(code: FaultCode): void {
    this.#sink.fault(code);
  }
}
