import type { Connection } from "./connection.js";
import type { WholeMessage } from "./message.js";
import { PreparedMessage, prepare } from "./prepared-message.js";

/** How many connections a broadcast went to. */
export interface BroadcastReport {
  /** Connections that the message was queued for. */
  readonly sent: number;
  /** Connections it was not: they are closing or closed. */
  readonly skipped: number;
  /** Of those that it was queued for: how many have asked to wait (`needsDrain`). More sent to them piles up, up to their cap. */
  readonly slow: number;
}

/** A report that is being written. */
export type BroadcastTally = { -readonly [Each in keyof BroadcastReport]: number };

/**
 * Sends one message to many connections, encoded once. Each keeps its own order, marks and cap: one that does not read is cut off
 * at its `maxBufferedBytes` and delays nobody.
 *
 * @throws TypeError for what cannot be sent.
 */
export function broadcast<Data>(
  connections: Iterable<Connection<Data>>,
  message: WholeMessage | PreparedMessage,
): BroadcastReport {
  const prepared = message instanceof PreparedMessage ? message : prepare(message);
  const tally: BroadcastTally = { sent: 0, skipped: 0, slow: 0 };
  for (const connection of connections) sendCounted(connection, prepared, tally);
  return tally;
}

/** Sends `message` to one more connection, and counts it; returns whether that is open. */
export function sendCounted<Data>(
  connection: Connection<Data>,
  message: PreparedMessage,
  tally: BroadcastTally,
): boolean {
  const hasRoom = connection.write(message);
  if (connection.state !== "open") {
    tally.skipped++;
    return false;
  }
  tally.sent++;
  if (!hasRoom) tally.slow++;
  return true;
}
