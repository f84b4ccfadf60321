import type { ObservedConnection, ObservedType, Observer } from "../connection/index.js";
import { Histogram } from "./histogram.js";
import { closeCodeLabel } from "./labels.js";

/** Messages and their payload bytes, as on the wire. */
export interface Traffic {
  messages: number;
  bytes: number;
}

/**
 * What observed connections have done, in plain numbers: no time series, no library. `tally.observer` goes into the option
 * `observer`, of any number of servers and clients; `prometheusText` prints a tally.
 *
 * Labels come from fixed tables, so a peer cannot make them many.
 */
export class Tally {
  readonly observer: Observer;
  opened = 0;
  readonly received: Readonly<Record<ObservedType, Traffic>> = { text: noTraffic(), binary: noTraffic() };
  readonly sent: Readonly<Record<ObservedType, Traffic>> = { text: noTraffic(), binary: noTraffic() };
  /** How many connections ended with which close code. */
  readonly closes: Map<string, number> = new Map();
  /** How many went wrong, by `ConnectionErrorCode`. */
  readonly errors: Map<string, number> = new Map();
  /** By `RefusalCode`. */
  readonly refusals: Map<string, number> = new Map();
  /** By `ConnectErrorCode`. */
  readonly connectFailures: Map<string, number> = new Map();
  /** In milliseconds. */
  readonly roundTrips: Histogram = new Histogram();
  /** In milliseconds. */
  readonly handling: Histogram = new Histogram();
  readonly #open = new Set<ObservedConnection>();

  constructor() {
    this.observer = {
      opened: (connection) => this.#onOpened(connection),
      closed: (connection, { code }) => {
        this.#open.delete(connection);
        countIn(this.closes, closeCodeLabel(code));
      },
      failed: (_, { code }) => countIn(this.errors, code),
      received: (_, type, bytes) => addTo(this.received[type], bytes),
      sent: (_, type, bytes) => addTo(this.sent[type], bytes),
      handled: (_, elapsedMs) => this.handling.record(elapsedMs),
      roundTrip: (_, elapsedMs) => this.roundTrips.record(elapsedMs),
      refused: (code) => countIn(this.refusals, code),
      connectFailed: (code) => countIn(this.connectFailures, code),
    };
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Bytes queued for all of them that the kernel has not taken. Adds them up: ask once a second, not once a message. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const { bufferedBytes } of this.#open) bytes += bufferedBytes;
    return bytes;
  }

  #onOpened(connection: ObservedConnection): void {
    this.opened++;
    this.#open.add(connection);
  }
}

function noTraffic(): Traffic {
  return { messages: 0, bytes: 0 };
}

function addTo(traffic: Traffic, bytes: number): void {
  traffic.messages++;
  traffic.bytes += bytes;
}

function countIn(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}
