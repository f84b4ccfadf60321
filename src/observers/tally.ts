import type { ObservedType, Observer } from "../connection/index.js";
import { BYTE_BOUNDS, Histogram, type HistogramRecorder } from "./histogram.js";
import { closeCodeLabel } from "./labels.js";
import { QueueSampler } from "./queue-sampler.js";
import { sumOfCounts, type TallyCounts } from "./tally-counts.js";

/** Where the values of the histograms go instead, as to a library that has histograms of its own. */
export type HistogramRecorders = Readonly<Record<"roundTrips" | "handling" | "queued", HistogramRecorder>>;

/**
 * What observed connections have done, in plain numbers: no time series, no library. `tally.observer` goes into the option
 * `observer`, of any number of servers and clients; `prometheusText` prints a tally.
 *
 * Labels come from fixed tables, so a peer cannot make them many. Messages are counted as they pass; how much is queued is looked up once a
 * second for each open connection, of more than 1,000 for 1,000 in turn.
 */
export class Tally implements TallyCounts {
  /** What to give as the option `observer`. */
  readonly observer: Observer;
  /** Connections opened since the start. */
  opened = 0;
  readonly received: Readonly<Record<ObservedType, Counting>> = { text: noTraffic(), binary: noTraffic() };
  readonly sent: Readonly<Record<ObservedType, Counting>> = { text: noTraffic(), binary: noTraffic() };
  readonly closes: Record<string, number> = {};
  readonly errors: Record<string, number> = {};
  readonly refusals: Record<string, number> = {};
  readonly connectFailures: Record<string, number> = {};
  readonly roundTrips: Histogram = new Histogram();
  readonly handling: Histogram = new Histogram();
  readonly queued: Histogram = new Histogram(BYTE_BOUNDS);
  readonly #sampler: QueueSampler;

  /** @param recorders - Take the values of the three histograms, which then stay empty here. */
  constructor(recorders?: HistogramRecorders) {
    const { roundTrips, handling, queued } = recorders ?? this;
    this.#sampler = new QueueSampler((bytes) => queued.record(bytes));
    this.observer = {
      opened: (connection) => {
        this.opened++;
        this.#sampler.add(connection);
      },
      closed: (connection, { code }) => {
        this.#sampler.delete(connection);
        countIn(this.closes, closeCodeLabel(code));
      },
      failed: (_, { code }) => countIn(this.errors, code),
      received: (_, type, bytes) => addTo(this.received[type], bytes),
      sent: (_, type, bytes) => addTo(this.sent[type], bytes),
      handled: (_, elapsedMs) => handling.record(elapsedMs),
      roundTrip: (_, elapsedMs) => roundTrips.record(elapsedMs),
      refused: (code) => countIn(this.refusals, code),
      connectFailed: (code) => countIn(this.connectFailures, code),
    };
  }

  get open(): number {
    return this.#sampler.open.size;
  }

  /** Adds them up: ask once a second, not once a message. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const { bufferedBytes } of this.#sampler.open) bytes += bufferedBytes;
    return bytes;
  }

  /** A copy as of now, of plain values, which passes to another process, by `process.send` and as JSON; `sumOfCounts` adds several up. */
  snapshot(): TallyCounts {
    return sumOfCounts([this]);
  }
}

/** Traffic that is counted. */
interface Counting {
  messages: number;
  bytes: number;
}

function noTraffic(): Counting {
  return { messages: 0, bytes: 0 };
}

function addTo(traffic: Counting, bytes: number): void {
  traffic.messages++;
  traffic.bytes += bytes;
}

function countIn(counts: Record<string, number>, label: string): void {
  counts[label] = (counts[label] ?? 0) + 1;
}
