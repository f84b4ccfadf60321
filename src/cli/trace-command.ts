import { readTrace, TraceError, type TraceRecord } from "../trace/index.js";
import { CliError, ExitCode, messageOf } from "./cli-error.js";
import { OutputPipe } from "./output-pipe.js";
import { waitForStop } from "./signals.js";
import type { TraceFlags } from "./trace-flags.js";
import { formatRecord, opcodeName } from "./trace-text.js";

/**
 * Prints the trace in `file`, line by line, until its end or, where it is followed, until SIGINT or SIGTERM or until nobody reads
 * what is printed.
 *
 * @throws CliError for a file that cannot be read or that is no trace, and for output that cannot be written.
 */
export async function traceCommand(file: string, flags: TraceFlags): Promise<ExitCode> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  // oxlint-disable-next-line unicorn/no-process-exit -- a second signal leaves nobody to return to
  if (flags.follow) void waitForStop((exitCode) => process.exit(exitCode)).then(leave);
  const out = new OutputPipe(process.stdout, leave);
  const isWanted = filterOf(flags);
  try {
    for await (const record of readTrace(file, { follow: flags.follow, signal: leaving.signal })) {
      if (record.kind === "cut") process.stderr.write(`halyard: ${file}: ${formatRecord(record)}\n`);
      else if (isWanted(record)) await out.write(`${formatRecord(record)}\n`);
    }
    await out.finish();
    return ExitCode.success;
  } catch (error) {
    throw error instanceof TraceError ? new CliError(messageOf(error), undefined, { cause: error }) : error;
  } finally {
    await out.flush();
  }
}

/** What the flags let through. What is said of the trace itself is always printed. */
function filterOf({ connection, opcode }: TraceFlags): (record: TraceRecord) => boolean {
  const connections = new Set(connection.map(Number));
  const opcodes = new Set(opcode);
  return (record) => {
    if (!("connection" in record)) return true;
    if (connections.size > 0 && !connections.has(record.connection)) return false;
    return opcodes.size === 0 || (record.kind === "frame" && opcodes.has(opcodeName(record.opcode)));
  };
}
