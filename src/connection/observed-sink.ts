import type { ClosePayload, FaultCode, ReceiverSink } from "../protocol/index.js";
import type { Observation } from "./observation.js";

/** What stands between the receiver and a connection that is observed. One without observers has none of this. */
export class ObservedSink implements ReceiverSink {
  readonly #sink: ReceiverSink;
  readonly #observation: Observation;
  // The message whose pieces come.
  #isText = false;
  #bytes = 0;

  constructor(sink: ReceiverSink, observation: Observation) {
    this.#sink = sink;
    this.#observation = observation;
  }

  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    this.#observation.received("text", end - start);
    return this.#sink.text(bytes, start, end, isAscii);
  }

  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    this.#observation.received("binary", end - start);
    return this.#sink.binary(bytes, start, end, isOwned);
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#isText = isText;
    this.#bytes = 0;
    this.#sink.begin(isText, isCompressed);
  }

  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    this.#bytes += end - start;
    if (isLast) this.#observation.received(this.#isText ? "text" : "binary", this.#bytes);
    return this.#sink.piece(bytes, start, end, isLast);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#sink.ping(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    this.#sink.pong(bytes, start, end);
  }

  close(payload: ClosePayload): void {
    this.#sink.close(payload);
  }

  fault(code: FaultCode): void {
    this.#sink.fault(code);
  }
}
