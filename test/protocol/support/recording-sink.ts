import { expect } from "vitest";
import type { FaultCode } from "../../../src/protocol/fault.js";
import type { ClosePayload } from "../../../src/protocol/close-payload.js";
import { Receiver } from "../../../src/protocol/receiver.js";
import type { ReceiverOptions, ReceiverSink, Role } from "../../../src/protocol/receiver-sink.js";
import type { ReceiveLimits } from "../../../src/protocol/receive-limits.js";
import { type FrameSpec, frameBytes, MASK_KEY, toHex } from "./frame-bytes.js";

/** A call of the sink as plain data. Bytes are written as hex. */
export type Received =
  | { readonly text: string }
  | { readonly binary: string }
  | { readonly begin: "text" | "binary"; readonly isCompressed: boolean }
  | { readonly piece: string; readonly isLast: boolean }
  | { readonly ping: string }
  | { readonly pong: string }
  | { readonly close: ClosePayload }
  | { readonly fault: FaultCode };

/** Notes every call; asks to pause after each message while `pausing`. */
export class RecordingSink implements ReceiverSink {
  readonly received: Received[] = [];
  pausing = false;
  /** Called within each call, after it was noted. */
  onCall: () => void = () => {};

  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
    expect(isAscii, "isAscii").toBe(bytes.subarray(start, end).every((byte) => byte < 0x80));
    return this.#note({ text });
  }

  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    if (isOwned) expect([start, end, bytes.byteLength], "an owned message").toEqual([0, end, bytes.buffer.byteLength]);
    return this.#note({ binary: toHex(bytes, start, end) });
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#note({ begin: isText ? "text" : "binary", isCompressed });
  }

  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    return this.#note({ piece: toHex(bytes, start, end), isLast });
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#note({ ping: toHex(bytes, start, end) });
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    this.#note({ pong: toHex(bytes, start, end) });
  }

  close(payload: ClosePayload): void {
    this.#note({ close: payload });
  }

  fault(code: FaultCode): void {
    this.#note({ fault: code });
  }

  #note(call: Received): boolean {
    this.received.push(call);
    this.onCall();
    return !this.pausing;
  }
}

export const ROOMY: ReceiveLimits = { maxFrameBytes: 1 << 20, maxMessageBytes: 1 << 20, maxFragments: 1000 };

export const roles: readonly Role[] = ["server", "client"];

/** What a test changes of a receiver that takes every type of message within roomy limits. */
export interface ReceiverSetup extends Partial<Omit<ReceiverOptions, "limits">> {
  readonly limits?: Partial<ReceiveLimits>;
}

export function createReceiver(sink: ReceiverSink, setup: ReceiverSetup = {}): Receiver {
  return new Receiver(sink, { role: "server", messageTypes: "any", ...setup, limits: { ...ROOMY, ...setup.limits } });
}

/** The bytes of correct or incorrect frames to an endpoint of this role: masked for a server, plain for a client. */
export function bytesTo(role: Role, ...frames: readonly FrameSpec[]): Uint8Array {
  const maskKey = role === "server" ? MASK_KEY : undefined;
  return Uint8Array.from(Buffer.concat(frames.map((frame) => frameBytes({ maskKey, ...frame }))));
}

/** All that a receiver makes of `bytes`, given in one chunk. The bytes themselves stay as they are. */
export function receive(bytes: Uint8Array, setup: ReceiverSetup = {}): readonly Received[] {
  return receiveChunks([bytes], setup);
}

/** All that a receiver makes of `chunks`, each of which it must take whole. */
export function receiveChunks(chunks: readonly Uint8Array[], setup: ReceiverSetup = {}): readonly Received[] {
  const sink = new RecordingSink();
  const receiver = createReceiver(sink, setup);
  for (const chunk of chunks) expect(receiver.push(chunk.slice(), 0, chunk.length)).toBe(chunk.length);
  return sink.received;
}
