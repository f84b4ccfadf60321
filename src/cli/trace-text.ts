import type { TraceCut, TraceFrame, TraceRecord } from "../trace/index.js";
import { inHex } from "./hex-dump.js";
import { printable } from "./printable.js";

/** RFC 6455 §11.8. */
const nameOfOpcode: ReadonlyMap<number, string> = new Map([
  [0x0, "continuation"],
  [0x1, "text"],
  [0x2, "binary"],
  [0x8, "close"],
  [0x9, "ping"],
  [0xa, "pong"],
]);
export const opcodeNames: readonly string[] = [...nameOfOpcode.values()];

const TIME_WIDTH = "00:00:00.000000".length;
const LENGTH_WIDTH = 10;

/** `text`, or `0x3` for one that is reserved. */
export function opcodeName(opcode: number): string {
  return nameOfOpcode.get(opcode) ?? `0x${opcode.toString(16)}`;
}

/** A record as people read it: one line, whose columns stand below each other. */
export function formatRecord(record: TraceRecord | TraceCut): string {
  switch (record.kind) {
    case "trace":
      return `# frames since ${printable(record.startedAt)}, times in UTC, ${describePayloads(record.payloadBytes)}`;
    case "opened": {
      const how = record.extensions === "" ? "" : ` with ${record.extensions}`;
      return `${placeOf(record)}  opened by ${printable(record.remote)} at ${printable(record.local + how)}`;
    }
    case "frame":
      return `${placeOf(record)}  ${formatFrame(record)}`.trimEnd();
    case "failed":
      return `${placeOf(record)}  failed: ${printable(record.fault ?? record.code)}`;
    case "closed": {
      const { code, by, clean } = record;
      return `${placeOf(record)}  closed with ${code} by ${by === "us" ? "this side" : "the peer"}${clean ? "" : ", not clean"}`;
    }
    case "dropped":
      return `${timeOf(record.at)}          ${record.records} records are missing: the disk did not keep up`;
    case "cut":
      return "the last line is cut: who wrote it was ended, or writes still";
  }
}

function describePayloads(bytes: number): string {
  return bytes === 0 ? "without payloads" : `with ${bytes} bytes of each payload`;
}

/** The first columns. */
function placeOf({ at, connection }: { readonly at: number; readonly connection: number }): string {
  return `${timeOf(at)}  ${`#${connection}`.padStart(6)}`;
}

function timeOf(at: number): string {
  const whole = Math.floor(at);
  if (Math.abs(whole) > 8.64e15) return "?".padEnd(TIME_WIDTH); // no date has that time
  const micros = Math.min(999, Math.round((at - whole) * 1_000));
  return `${new Date(whole).toISOString().slice(11, -1)}${String(micros).padStart(3, "0")}`;
}

function formatFrame(frame: TraceFrame): string {
  const { direction, opcode, fin, rsv1, masked, length } = frame;
  const columns = [
    direction.padEnd(3),
    opcodeName(opcode).padEnd(12),
    fin ? "fin" : "   ",
    rsv1 ? "rsv1" : "    ",
    masked ? "masked" : "      ",
    String(length).padStart(LENGTH_WIDTH),
    detailOf(frame),
  ];
  return columns.join("  ");
}

function detailOf({ opcode, rsv1, closeCode, payload }: TraceFrame): string {
  const code = closeCode === undefined ? "" : String(closeCode);
  if (payload === undefined || payload === "") return code;
  const bytes = Buffer.from(payload, "base64");
  const shown = opcode === 0x1 && !rsv1 ? printable(JSON.stringify(bytes.toString())) : inHex(bytes);
  return code === "" ? shown : `${code}  ${shown}`;
}
