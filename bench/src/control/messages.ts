/** CPU time of a process, all its threads, as `process.cpuUsage` gives it: microseconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** What the collector of a V8 did in a stretch of time. */
export interface GarbageReport {
  readonly collections: number;
  readonly pauseMs: number;
  /** What was allocated on the JavaScript heap, counted from collection to collection. Buffers' bytes are not on it. */
  readonly allocatedBytes: number;
}

/**
 * What a server program reports. It prints `listening` by itself. Those that run on Node answer `usage`, with the processor's time
 * since they began and the garbage since the last `usage`; all in JavaScript answer `gc`, when they have collected.
 */
export type ServerReport =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "collected" }
  | {
      readonly kind: "usage";
      readonly cpu: CpuTime;
      readonly rssBytes: number;
      readonly garbage: GarbageReport;
    };

/** How a server program is set up: its first argument, as JSON. */
export interface ServerSettings {
  /** Halyard: how messages are received. */
  readonly style?: "handler" | "borrower" | "iterator";
  /** Halyard: who observes its connections; nobody by default. */
  readonly observer?: "tally" | "frames";
  /** Halyard: the `dist` of another build than that of the repository. */
  readonly build?: string;
  /** permessage-deflate, in each library's nearest equal. Off by default. */
  readonly compression?: CompressionMode;
  readonly tls?: TlsFiles;
  /** Above the library's default. */
  readonly maxMessageBytes?: number;
}

/** No context kept; a context of 4 KiB to 8 KiB; one of 32 KiB. */
export type CompressionMode = "no-takeover" | "small-window" | "full-window";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Percentiles of a stretch of load, in microseconds. */
export interface Latency {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** What one stretch of load did. Everything sent was answered. */
export interface LoadReport {
  /** Replies, deliveries or handshakes. */
  readonly messages: number;
  readonly comparedMessages: number;
  readonly elapsedMs: number;
  /** Of the generator. */
  readonly cpu: CpuTime;
  readonly latency: Latency;
}

/** What a generator reports; `failed` may answer any request. It prints `ready` by itself; clients answer `gc` too. */
export type GeneratorReport =
  | { readonly kind: "ready" | "connected" | "disconnected" | "collected" }
  | ({ readonly kind: "loaded" } & LoadReport)
  | { readonly kind: "failed"; readonly reason: string };
