import { Buffer } from "node:buffer";

import {
  buildClosePayload,
  CloseCode,
  type ClosePayload,
  type FaultCode,
  FIN,
  Opcode,
  type ReceiverSink,
  RSV1,
} from "../protocol/index.js";
import type { Observation } from "./observation.js";

const NOTHING = new Uint8Array(0);

/** What stands between the receiver and a connection that is observed. One without observers has none of this. */
export class ObservedSink implements ReceiverSink {
  readonly #sink: ReceiverSink;
  readonly #observation: Observation;
  // The message whose pieces come.
  #isText = false;
  #bytes = 0;
  #pieceFirstByte = 0;

  constructor(sink: ReceiverSink, observation: Observation) {
    this.#sink = sink;
    this.#observation = observation;
  }

  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    this.#observation.received("text", end - start);
    this.#see(FIN | Opcode.text, bytes, start, end);
    return this.#sink.text(bytes, start, end, isAscii);
  }

  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    this.#observation.received("binary", end - start);
    this.#see(FIN | Opcode.binary, bytes, start, end);
    return this.#sink.binary(bytes, start, end, isOwned);
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#isText = isText;
    this.#bytes = 0;
    this.#pieceFirstByte = (isText ? Opcode.text : Opcode.binary) | (isCompressed ? RSV1 : 0);
    this.#sink.begin(isText, isCompressed);
  }

  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    this.#bytes += end - start;
    this.#see(this.#pieceFirstByte | (isLast ? FIN : 0), bytes, start, end);
    this.#pieceFirstByte &= RSV1; // what follows continues it
    if (isLast) this.#observation.received(this.#isText ? "text" : "binary", this.#bytes);
    return this.#sink.piece(bytes, start, end, isLast);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#see(FIN | Opcode.ping, bytes, start, end);
    this.#sink.ping(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    this.#see(FIN | Opcode.pong, bytes, start, end);
    this.#sink.pong(bytes, start, end);
  }

  close(payload: ClosePayload): void {
    if (this.#observation.seesFrames) {
      const isEmpty = payload.code === CloseCode.noStatus;
      const bytes = isEmpty ? NOTHING : buildClosePayload(payload.code, payload.reason);
      this.#observation.frame("in", FIN | Opcode.close, Buffer.from(bytes));
    }
    this.#sink.close(payload);
  }

  fault(code: FaultCode): void {
    this.#sink.fault(code);
  }

  #see(firstByte: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#observation.seesFrames) this.#observation.frame("in", firstByte, bytes.subarray(start, end));
  }
}
