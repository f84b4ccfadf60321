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
  let sent = 0;
  let skipped = 0;
  let slow = 0;
  for (const connection of connections) {
    const hasRoom = connection.write(prepared);
    if (connection.state !== "open") {
      skipped++;
      continue;
    }
    sent++;
    if (!hasRoom) slow++;
  }
  return { sent, skipped, slow };
}
