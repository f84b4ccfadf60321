import { open } from "node:fs/promises";
import { type NoRecord, parseTraceRecord, type TraceRecord } from "./trace-record.js";

/** Longer than any first line. */
const MOST_BYTES = 4_096;

/** The record on the first line of a file. */
export async function firstRecordOf(path: string): Promise<TraceRecord | NoRecord> {
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    const [line = ""] = buffer.toString("latin1", 0, bytesRead).split("\n", 1);
    return parseTraceRecord(line);
  } finally {
    await handle.close();
  }
}
