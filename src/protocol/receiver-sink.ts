import type { ClosePayload } from "./close-payload.js";
import type { FaultCode } from "./fault.js";
import type { FrameScanner } from "./frame-scanner.js";
import type { applyMask } from "./mask.js";
import type { Allocate } from "./message-buffer.js";
import type { MessageTypes, ReceiveLimits } from "./receive-limits.js";
import type { IsUtf8 } from "./utf8-validator.js";

/** Which end of the connection we are; it decides whether we must see masked frames. */
export type Role = "server" | "client";

/**
 * What the receiver calls. `bytes[start, end)` of `text`, `binary`, `piece`, `ping` and `pong` is borrowed: it may lie in the
 * chunk given to `push` and is only good until the call returns, unless `isOwned` says that it lies in what `allocate` gave for it.
 *
 * `text`, `binary` and `piece` return whether the receiver may go on with the chunk at once.
 */
export interface ReceiverSink {
  /** A whole text message, valid UTF-8. `isAscii` says that no byte is above 0x7F. */
  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean;
  /** A whole binary message. */
  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean;
  /**
   * A message begins whose payload is given on as it comes, by `piece`: one that is compressed (RFC 7692), or any while
   * `givesPieces` is set.
   */
  begin(isText: boolean, isCompressed: boolean): void;
  /** What has come of that message's payload; text is checked already, unless it is compressed. `isLast` ends the message. */
  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean;
  /** A whole ping. */
  ping(bytes: Uint8Array, start: number, end: number): void;
  /** A whole pong. */
  pong(bytes: Uint8Array, start: number, end: number): void;
  /** The peer's close frame. Whatever follows it is ignored. */
  close(payload: ClosePayload): void;
  /** The peer broke the protocol or a limit. Whatever follows is ignored. */
  fault(code: FaultCode): void;
}

/** How a receiver is set up. */
export interface ReceiverOptions {
  /** Which end receives: frames to a server are masked, those to a client are not. */
  readonly role: Role;
  /** The largest frame and message, and the most fragments. */
  readonly limits: ReceiveLimits;
  /** Which messages are taken. */
  readonly messageTypes: MessageTypes;
  /** Whether permessage-deflate was agreed on, which gives RSV1 its meaning. Default false. */
  readonly takesCompressed?: boolean | undefined;
  /** What unmasks payloads, as `applyMask` does, which it is by default. */
  readonly unmask?: typeof applyMask | undefined;
  /** What finds many frames at once, for a server that takes messages of any type; by default each is gone through by itself. */
  readonly scanner?: FrameScanner | undefined;
  /** What checks long text, as `Utf8Validator` has it; by default that does all itself. */
  readonly isUtf8?: IsUtf8 | undefined;
  /** What a message that comes in parts is gathered in; by default memory full of zeros. */
  readonly allocate?: Allocate | undefined;
}
