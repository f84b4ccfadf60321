/** The version of the format that is written here. */
export const TRACE_VERSION = 1;

/** The first line of every file. */
export interface TraceStart {
  /** Tells it from the other records. */
  readonly kind: "trace";
  /** Of the format. */
  readonly version: number;
  /** When the trace began in the process, as ISO 8601. */
  readonly startedAt: string;
  /** How many bytes of each payload are kept. */
  readonly payloadBytes: number;
}

/** When it happened, and to which connection. */
interface OfConnection {
  /** When it happened, in milliseconds since 1970, to the microsecond. */
  readonly at: number;
  /** Which connection, counted from 1 in the order of coming. */
  readonly connection: number;
}

/** A connection has opened. */
export interface TraceOpened extends OfConnection {
  /** Tells it from the other records. */
  readonly kind: "opened";
  /** The peer's address and port. */
  readonly remote: string;
  /** Our address and port. */
  readonly local: string;
  /** What was agreed on, as in Sec-WebSocket-Extensions. */
  readonly extensions: string;
}

/** One frame. RFC 6455 §5.2. */
export interface TraceFrame extends OfConnection {
  /** Tells it from the other records. */
  readonly kind: "frame";
  /** Whether it came or went. */
  readonly direction: "in" | "out";
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  /** Whether it ends its message. */
  readonly fin: boolean;
  /** Whether it begins a compressed message (RFC 7692). */
  readonly rsv1: boolean;
  /** Whether its payload was masked, as a client's is. */
  readonly masked: boolean;
  /** Bytes of the whole payload. */
  readonly length: number;
  /** Of a close frame that has one. */
  readonly closeCode?: number | undefined;
  /** How the payload begins, unmasked, in Base64; only where that was asked for. */
  readonly payload?: string | undefined;
}

/** Something went wrong with a connection. */
export interface TraceFailed extends OfConnection {
  /** Tells it from the other records. */
  readonly kind: "failed";
  /** A `ConnectionErrorCode`. */
  readonly code: string;
  /** A `FaultCode`, where the peer broke the protocol or a limit. */
  readonly fault?: string | undefined;
}

/** A connection has closed. */
export interface TraceClosed extends OfConnection {
  /** Tells it from the other records. */
  readonly kind: "closed";
  /** The close code, 1006 where there was none to come. */
  readonly code: number;
  /** Who was first to end it. */
  readonly by: "us" | "peer";
  /** Whether by the closing handshake. */
  readonly clean: boolean;
}

/** So many records are missing here: the disk did not keep up. */
export interface TraceDropped {
  /** Tells it from the other records. */
  readonly kind: "dropped";
  /** When that was seen, in milliseconds since 1970. */
  readonly at: number;
  /** How many. */
  readonly records: number;
}

/** A line of a trace. */
export type TraceRecord = TraceStart | TraceOpened | TraceFrame | TraceFailed | TraceClosed | TraceDropped;

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && texts.includes(value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const ofConnection = { at: isNumber, connection: isNumber };

/** The members of each kind. */
const shapes: { readonly [Kind in TraceRecord["kind"]]: Readonly<Record<string, Check>> } = {
  trace: { version: isNumber, startedAt: isText, payloadBytes: isNumber },
  opened: { ...ofConnection, remote: isText, local: isText, extensions: isText },
  frame: {
    ...ofConnection,
    direction: oneOf("in", "out"),
    opcode: isNumber,
    fin: isFlag,
    rsv1: isFlag,
    masked: isFlag,
    length: isNumber,
    closeCode: maybe(isNumber),
    payload: maybe(isText),
  },
  failed: { ...ofConnection, code: isText, fault: maybe(isText) },
  closed: { ...ofConnection, code: isNumber, by: oneOf("us", "peer"), clean: isFlag },
  dropped: { at: isNumber, records: isNumber },
};

/** What a line that is no record is: broken, or of a kind that a later version of the same format has. */
export type NoRecord = "broken" | "unknown-kind";

/** The record of a line, or why there is none. Members that are not known are left where they are. */
export function parseTraceRecord(line: string): TraceRecord | NoRecord {
  const value = parseJson(line);
  if (typeof value !== "object" || value === null || !("kind" in value) || typeof value.kind !== "string")
    return "broken";
  if (!Object.hasOwn(shapes, value.kind)) return "unknown-kind";
  const members: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
  const shape = Object.entries(shapes[value.kind as TraceRecord["kind"]]);
  return shape.every(([name, check]) => check(members.get(name))) ? (value as TraceRecord) : "broken";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
