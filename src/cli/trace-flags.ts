import { CliError } from "./cli-error.js";
import type { FlagValues } from "./flags.js";
import { programFlags } from "./shared-flags.js";
import { opcodeNames } from "./trace-text.js";

/** Which records it prints. */
const recordFlags = {
  connection: {
    group: "Which records",
    kind: "list",
    short: "c",
    placeholder: "NUMBER",
    description: "Print only those of this connection; repeatable",
    otherwise: "all",
  },
  opcode: {
    group: "Which records",
    kind: "list",
    placeholder: "NAME",
    description: "Print only frames that are continuation, text, binary, close, ping or pong; repeatable",
    otherwise: "all",
  },
  follow: {
    group: "Which records",
    kind: "switch",
    short: "f",
    description: "Wait for more at the end of the file, until Ctrl-C",
  },
} as const;

/** Every flag of `halyard trace`: what is parsed and what help shows. */
export const traceFlags: typeof recordFlags & typeof programFlags = { ...recordFlags, ...programFlags };

export type TraceFlags = FlagValues<typeof traceFlags>;

/** @throws CliError with exit code 2 for a flag whose value is none of those that it takes. */
export function checkTraceFlags({ connection, opcode }: TraceFlags): void {
  const noNumber = connection.find((each) => !/^[1-9]\d{0,14}$/.test(each));
  if (noNumber !== undefined) {
    throw CliError.ofUsage(`--connection takes a number as the trace has it, from 1, not ${JSON.stringify(noNumber)}`);
  }
  const unknown = opcode.find((each) => !opcodeNames.includes(each));
  if (unknown !== undefined) {
    throw CliError.ofUsage(`--opcode takes ${opcodeNames.join(", ")}, not ${JSON.stringify(unknown)}`);
  }
}

/**
 * The file of a command line.
 *
 * @throws CliError with exit code 2 for none.
 */
export function traceFileOf([file]: readonly string[]): string {
  if (file !== undefined) return file;
  throw CliError.ofUsage("print which trace? halyard serve --trace FILE writes one");
}
