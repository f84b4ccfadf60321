import { mayReconnectAfter } from "./close-policy.js";
import { type Environment, hostEnvironment } from "./environment.js";
import type { SocketClose } from "./reconnecting-state.js";
import { type BinaryType, isSendable, type Received, type Sendable } from "./sendable.js";
import { nativeSocket, type OpenSocket } from "./socket-like.js";

/** What a function for the URL is told. */
export interface UrlContext {
  /** From 1, since the last connection that lasted. */
  readonly attempt: number;
  /** Aborted when the attempt is given up: pass it to `fetch`. */
  readonly signal: AbortSignal;
}

/** Where to connect: the same each time, or asked for before each attempt, as for a fresh token in it. */
export type UrlSource = string | URL | ((context: UrlContext) => string | URL | Promise<string | URL>);

/** How a line that has been silent for a while proves that it is alive. */
export interface Heartbeat<B extends BinaryType = "arraybuffer"> {
  /**
   * What to send. The server must answer it with something: `"ping"` to an echo, `{"type":"ping"}` to others. Default: nothing is
   * sent and nothing is asked of the server; a second connection is opened, and takes the place of the first unless something
   * has come over that by then.
   */
  readonly probe?: Sendable | (() => Sendable) | undefined;
  /**
   * Whether a message is the answer to a probe. Such are not given to listeners, and prove that what was sent before the
   * probe has arrived: it is no longer told as uncertain. Default: none is; any message shows that the server is there.
   */
  readonly isReply?: (message: Received<B>) => boolean;
  /** Silence after which the line has to prove itself. Default 25,000. */
  readonly intervalMs?: number | undefined;
  /** How long the server then has to send anything, or to open the second connection. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** What `ReconnectingSocket` takes. All may be left out. */
export interface ReconnectingOptions<B extends BinaryType = "arraybuffer"> {
  /** Subprotocols offered, the first preferred. */
  readonly protocols?: string | readonly string[] | undefined;
  /** How binary messages arrive. Default `"arraybuffer"`. */
  readonly binaryType?: B | undefined;
  /** Opens a socket. Default: the runtime's `WebSocket`. */
  readonly open?: OpenSocket | undefined;
  /** For everything until a connection is open, the URL included. Default 10,000; 0 is off. */
  readonly connectTimeoutMs?: number | undefined;
  /** The first delay is between 0 and this, the ceiling doubles each time. Default 1,000. */
  readonly firstDelayMs?: number | undefined;
  /** No delay is longer. Default 30,000. */
  readonly maxDelayMs?: number | undefined;
  /** A connection that was open for so long makes the delays short again. Default 5,000. */
  readonly stableAfterMs?: number | undefined;
  /** Attempts in a row that may fail; then it is closed for good. Default `Infinity`. */
  readonly maxAttempts?: number | undefined;
  /**
   * Whether to come back after this close of an open connection. Default: see docs/reconnecting.md. Where it throws, its error is thrown
   * where nobody catches it, as that of a listener is, and the default decides.
   */
  readonly shouldReconnect?: ((close: SocketClose) => boolean) | undefined;
  /** Whether the line is asked if it is alive. `{}` works with every server. Default: it is not, as a browser cannot send pings. */
  readonly heartbeat?: Heartbeat<B> | undefined;
  /** For servers that send regularly: silence after which a connection is given up. Default 0, off. */
  readonly silenceTimeoutMs?: number | undefined;
  /** How long nothing may leave of what was sent, as `bufferedAmount` tells. Default 30,000; 0 is off. */
  readonly stallTimeoutMs?: number | undefined;
  /** A clock that jumps further, forwards or back, or a page frozen for longer, makes a connection doubtful. Default 75,000. */
  readonly sleepThresholdMs?: number | undefined;
  /** For the closing handshake. Default 3,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Messages that wait for a connection. Default 1,000. */
  readonly maxQueuedMessages?: number | undefined;
  /** Bytes that wait, for a connection or in it. Default 1 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** What a full queue does: refuse the new message, or give up the oldest that wait. Default `"refuse"`. */
  readonly overflow?: "refuse" | "drop-oldest" | undefined;
  /** What may wait for a `for await` loop. Default 16 MiB. */
  readonly maxUnreadBytes?: number | undefined;
  /** Closes for good, whatever is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Clock, chance and events, for tests. Default: the runtime's. */
  readonly environment?: Environment | undefined;
}

type NumberName = Extract<keyof ReconnectingOptions, `${string}Ms` | `max${string}`>;

/** Options with every default filled in. A time that is off is `Infinity`. */
export interface ResolvedOptions extends Readonly<Record<NumberName, number>> {
  readonly url: UrlSource;
  readonly protocols: readonly string[];
  readonly binaryType: BinaryType;
  readonly open: OpenSocket;
  readonly shouldReconnect: (close: SocketClose) => boolean;
  readonly heartbeat: ResolvedHeartbeat;
  readonly overflow: "refuse" | "drop-oldest";
  readonly environment: Environment;
}

interface ResolvedHeartbeat {
  readonly probe?: Heartbeat["probe"];
  readonly isReply: (message: Received) => boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

type NumberRow = readonly [fallback: number, least: number];

/** Options that are numbers: their default, and the least they take. Where that is 0, 0 is off. */
const NUMBERS: Readonly<Record<NumberName, NumberRow>> = {
  connectTimeoutMs: [10_000, 0],
  firstDelayMs: [1_000, 1],
  maxDelayMs: [30_000, 1],
  stableAfterMs: [5_000, 1],
  silenceTimeoutMs: [0, 0],
  stallTimeoutMs: [30_000, 0],
  sleepThresholdMs: [75_000, 1],
  closeTimeoutMs: [3_000, 1],
  maxAttempts: [Infinity, 1],
  maxQueuedMessages: [1_000, 1],
  maxQueuedBytes: [1024 * 1024, 1],
  maxUnreadBytes: [16 * 1024 * 1024, 1],
};

const HEARTBEAT_NUMBERS = { intervalMs: [25_000, 1], timeoutMs: [10_000, 1] } as const satisfies Record<
  string,
  NumberRow
>;

const OFF: ResolvedHeartbeat = { intervalMs: Infinity, timeoutMs: Infinity, isReply: () => false };

const DAY_MS = 86_400_000;

/** @throws TypeError or RangeError that names the option, what it got and what it takes. */
export function resolveOptions(url: UrlSource, options: ReconnectingOptions<BinaryType>): ResolvedOptions {
  const {
    protocols = [],
    binaryType = "arraybuffer",
    overflow = "refuse",
    heartbeat,
    open = nativeSocket(),
    shouldReconnect = mayReconnectAfter,
    signal,
    environment = hostEnvironment,
    ...numbers
  } = options;
  if (typeof url !== "string" && typeof url !== "function" && !(url instanceof URL))
    refuse("url", url, "a URL, or a function");
  if (binaryType !== "arraybuffer" && binaryType !== "blob")
    refuse("binaryType", binaryType, '"arraybuffer" or "blob"');
  if (overflow !== "refuse" && overflow !== "drop-oldest") refuse("overflow", overflow, '"refuse" or "drop-oldest"');
  if (typeof open !== "function") refuse("open", open, "a function; needed where there is no WebSocket");
  if (typeof shouldReconnect !== "function") refuse("shouldReconnect", shouldReconnect, "a function");
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse("signal", signal, "an AbortSignal");
  return {
    ...resolveNumbers("", NUMBERS, numbers),
    url,
    protocols: typeof protocols === "string" ? [protocols] : [...protocols],
    binaryType,
    open,
    shouldReconnect,
    heartbeat: heartbeat ? resolveHeartbeat(heartbeat) : OFF,
    overflow,
    environment,
  };
}

function resolveHeartbeat(heartbeat: Heartbeat<BinaryType>): ResolvedHeartbeat {
  if (typeof heartbeat !== "object") refuse("heartbeat", heartbeat, "an object");
  const { probe, isReply = OFF.isReply, ...numbers } = heartbeat;
  if (probe !== undefined && typeof probe !== "function" && !isSendable(probe))
    refuse("heartbeat.probe", probe, "a message, or a function");
  if (typeof isReply !== "function") refuse("heartbeat.isReply", isReply, "a function");
  return { ...resolveNumbers("heartbeat.", HEARTBEAT_NUMBERS, numbers), probe, isReply };
}

function resolveNumbers<Name extends string>(
  prefix: string,
  rows: Readonly<Record<Name, NumberRow>>,
  given: object,
): Record<Name, number> {
  const values = given as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!(name in rows)) throw new TypeError(`there is no option ${prefix}${name}`);
  }
  const resolved: Partial<Record<Name, number>> = {};
  for (const name of Object.keys(rows) as Name[]) {
    const [fallback, least] = rows[name];
    const most = name.endsWith("Ms") ? DAY_MS : Infinity;
    const value = (values[name] ?? fallback) as number;
    const isRight = Math.floor(value) === value && value >= least && value <= most;
    if (!isRight) refuse(prefix + name, value, `an integer from ${least} to ${most}`);
    resolved[name] = value === 0 ? Infinity : value;
  }
  return resolved as Record<Name, number>;
}

function refuse(option: string, value: unknown, takes: string): never {
  const got = typeof value === "object" ? "an object" : (value as string | number);
  const message = `option ${option} got ${got}; it takes ${takes}`;
  throw typeof value === "number" ? new RangeError(message) : new TypeError(message);
}
