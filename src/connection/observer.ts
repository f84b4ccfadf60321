import type { CloseInfo } from "./close-info.js";
import type { ConnectionError } from "./connection-error.js";

/** What an observer sees of a connection: enough to name it and to ask how it is. */
export interface ObservedConnection {
  readonly remote: string;
  readonly local: string;
  readonly subprotocol: string;
  readonly extensions: string;
  /** It may have secrets in its query. */
  readonly url: string;
  readonly state: "open" | "closing" | "closed";
  readonly bufferedBytes: number;
  readonly needsDrain: boolean;
  readonly roundTripMs: number | undefined;
}

/** Which kind of message. */
export type ObservedType = "text" | "binary";

/** What goes over the wire, as far as it is shown: control frames, and messages or the pieces that they come and go in. */
export interface ObservedFrame {
  readonly direction: "in" | "out";
  /** RFC 6455 §5.2; 0 for a piece that continues a message. */
  readonly opcode: number;
  /** Whether it ends its message. A message of ours is seen frame by frame; one of the peer's that was gathered, whole. */
  readonly isFinal: boolean;
  /** Whether its message is compressed, and so the payload. */
  readonly isCompressed: boolean;
  /** Unmasked, and borrowed: good until the call returns. */
  readonly payload: Uint8Array;
}

/**
 * The port through which Halyard tells what it does. Every member is optional, is called within the turn in which it happens, and
 * should be quick. What it throws or rejects with never reaches the connection: it becomes one warning of the process.
 *
 * Payload bytes are those on the wire, compressed where the message is, without frame headers.
 */
export interface Observer {
  /** A connection is open; before its first message. */
  opened?(connection: ObservedConnection): unknown;
  /** Its socket is gone. */
  closed?(connection: ObservedConnection, info: CloseInfo): unknown;
  /** Something went wrong with it; `closed` follows. */
  failed?(connection: ObservedConnection, error: ConnectionError): unknown;
  /** A whole message has come. */
  received?(connection: ObservedConnection, type: ObservedType, bytes: number): unknown;
  /** A whole message of ours was queued. */
  sent?(connection: ObservedConnection, type: ObservedType, bytes: number): unknown;
  /** A handler's `message` has returned or, where it gave a promise, that is settled: after so many milliseconds. */
  handled?(connection: ObservedConnection, elapsedMs: number): unknown;
  /** A pong has come, so many milliseconds after its ping. */
  roundTrip?(connection: ObservedConnection, elapsedMs: number): unknown;
  /** Payload goes over the wire. An observer with this member costs an object per frame. */
  frame?(connection: ObservedConnection, frame: ObservedFrame): unknown;
  /** A server has refused an upgrade; `code` is a `RefusalCode`. */
  refused?(code: string): unknown;
  /** `connect` has failed; `code` is a `ConnectErrorCode`. */
  connectFailed?(code: string): unknown;
}
