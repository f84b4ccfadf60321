import type { CloseInfo } from "./close-info.js";
import type { ConnectionError } from "./connection-error.js";

/** What an observer sees of a connection: enough to name it and to ask how it is. */
export interface ObservedConnection {
  /** The peer's address and port. */
  readonly remote: string;
  /** Our own address and port. */
  readonly local: string;
  /** The subprotocol agreed on; `""` for none. */
  readonly subprotocol: string;
  /** The extensions agreed on, as in the header; `""` for none. */
  readonly extensions: string;
  /** It may have secrets in its query. */
  readonly url: string;
  /** Where in its life the connection is. */
  readonly state: "open" | "closing" | "closed";
  /** Bytes queued to be sent that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Whether the queue passed its high mark and has not yet fallen to the low one. */
  readonly needsDrain: boolean;
  /** The latest round-trip time of a ping, in milliseconds; `undefined` before the first pong. */
  readonly roundTripMs: number | undefined;
}

/** Which kind of message. */
export type ObservedType = "text" | "binary";

/** A frame as it goes over the wire. RFC 6455 §5.2. */
export interface ObservedFrame {
  /** Whether it came from the peer or goes to it. */
  readonly direction: "in" | "out";
  /** 0 for a frame that continues a message, 1 text, 2 binary, 8 close, 9 ping, 10 pong; of a peer that is at fault any up to 15. */
  readonly opcode: number;
  /** Whether it ends its message. */
  readonly isFinal: boolean;
  /** The first reserved bit: set on the first frame of a message that is compressed. RFC 7692 §6. */
  readonly rsv1: boolean;
  /** Whether its payload was masked on the wire: that of a client. */
  readonly isMasked: boolean;
  /** Bytes of the whole payload. */
  readonly payloadLength: number;
  /**
   * The first 1,024 bytes of the payload at most, unmasked, compressed where its message is. Borrowed: good until the call returns.
   * Shorter where the frame was refused before it had come.
   */
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
  /**
   * A frame: one of ours when it is queued; one of the peer's when it has come, or the first 1,024 bytes of its payload, and before
   * what follows from it. An observer with this member costs a second look at every header, and a copy of those bytes.
   */
  frame?(connection: ObservedConnection, frame: ObservedFrame): unknown;
  /** A server has refused an upgrade; `code` is a `RefusalCode`. */
  refused?(code: string): unknown;
  /**
   * `connect` has failed; `code` is a `ConnectErrorCode`, or `"unexpected"` where the error is none: what `dial` gave is no duplex, say.
   */
  connectFailed?(code: string): unknown;
}
