#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { CliError, ExitCode, messageOf } from "./cli-error.js";
import { checkConnectFlags, connectFlags, urlOf } from "./connect-flags.js";
import { describeFlags } from "./flag-help.js";
import { parseCommandLine, parseFlags } from "./flags.js";
import { OutputPipe } from "./output-pipe.js";
import { printable } from "./printable.js";
import { checkTraceFlags, traceFileOf, traceFlags } from "./trace-flags.js";
import { checkServeFlags, serveFlags } from "./serve-flags.js";

const HELP = `halyard: a WebSocket server and tools

Usage: halyard COMMAND [flags]

Commands:
  serve      Serve an echo at /echo and a page to try it at /
  connect    Connect to a server: send what is typed or piped, print what comes
  trace      Print the frames that serve --trace or connect --trace has written

Flags:
  -h, --help       Print this and exit
  -V, --version    Print the version and exit

halyard COMMAND --help lists the flags of a command.
`;

const SERVE_HELP = `halyard serve: an echo server, and a page to try it

Usage: halyard serve [flags]

${describeFlags(serveFlags)}
Exit status: 0 after SIGINT or SIGTERM, 1 if it cannot start, 2 for a wrong command line, 130 or 143
for a signal before it listens, or a second one.
`;

const CONNECT_HELP = `halyard connect: talk to a WebSocket server

Usage: halyard connect [flags] URL

URL begins with ws://, wss://, http://, https:// or is ws+unix:/SOCKET:/PATH.

${describeFlags(connectFlags)}
Messages: each line of input is one. Typed lines that begin with / are commands, which /help lists.
Piped lines are sent as they are; when they end, so does the connection after --wait-ms of silence.

Exit status: 0 after a clean close, 1 if it cannot connect or write, 2 for a wrong command line, 3
if the connection is lost, breaks the protocol or is closed by the server with another code than
1000 or 1001, 130 or 143 for a signal before it is open, or a second one.
`;

const TRACE_HELP = `halyard trace: print the frames of a trace

Usage: halyard trace [flags] FILE

FILE is what halyard serve --trace FILE, halyard connect --trace FILE or traceFrames() has written: a JSON object per line.

${describeFlags(traceFlags)}
Columns: time in UTC, number of the connection, direction, opcode, fin, rsv1 (compressed), masked, bytes of the payload;
then the code of a close frame, and how the payload begins where the trace has that.

Exit status: 0 at the end of the file or after SIGINT, 1 for a file that cannot be read or is no trace
or output that cannot be written, 2 for a wrong command line.
`;

async function run(args: readonly string[]): Promise<ExitCode> {
  const [command, ...rest] = args;
  switch (command) {
    case "serve":
      return await runServe(rest);
    case "connect":
      return await runConnect(rest);
    case "trace":
      return await runTrace(rest);
    case "help":
      return await runHelp(rest);
    case "--help":
    case "-h":
      return await print(HELP);
    case "--version":
    case "-V":
      return await print(`${readVersion()}\n`);
    case undefined:
      throw CliError.ofUsage("which command? halyard --help lists them");
    default:
      throw unknownCommand(command);
  }
}

async function runHelp([command]: readonly string[]): Promise<ExitCode> {
  if (command === undefined) return await print(HELP);
  if (command === "serve") return await print(SERVE_HELP);
  if (command === "connect") return await print(CONNECT_HELP);
  if (command === "trace") return await print(TRACE_HELP);
  throw unknownCommand(command);
}

function unknownCommand(command: string): CliError {
  return CliError.ofUsage(`unknown command ${JSON.stringify(command)}; halyard --help lists them`);
}

// A command is loaded when it is run: help and mistakes of the command line are answered without it, twice as fast.
async function runServe(args: readonly string[]): Promise<ExitCode> {
  const flags = parseFlags(serveFlags, args);
  if (flags.help) return await print(SERVE_HELP);
  if (flags.version) return await print(`${readVersion()}\n`);
  checkServeFlags(flags);
  const { serveCommand } = await import("./serve-command.js");
  // The last lines have been flushed or given up: whoever does not take them must not keep the process.
  return process.exit(await serveCommand(flags));
}

async function runConnect(args: readonly string[]): Promise<ExitCode> {
  const { flags, operands } = parseCommandLine(connectFlags, args, 1);
  if (flags.help) return await print(CONNECT_HELP);
  if (flags.version) return await print(`${readVersion()}\n`);
  checkConnectFlags(flags);
  const { connectCommand } = await import("./connect-command.js");
  try {
    return process.exit(await connectCommand(urlOf(operands), flags));
  } catch (error) {
    complain(error);
    // stdin may be open still, and would keep the process.
    return process.exit(exitCodeOf(error));
  }
}

async function runTrace(args: readonly string[]): Promise<ExitCode> {
  const { flags, operands } = parseCommandLine(traceFlags, args, 1);
  if (flags.help) return await print(TRACE_HELP);
  if (flags.version) return await print(`${readVersion()}\n`);
  checkTraceFlags(flags);
  const { traceCommand } = await import("./trace-command.js");
  return await traceCommand(traceFileOf(operands), flags);
}

async function print(text: string): Promise<ExitCode> {
  const out = new OutputPipe(process.stdout, () => {});
  void out.write(text);
  await out.finish();
  return ExitCode.success;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}

/** One line on stderr, whatever happened. */
function complain(error: unknown): void {
  process.stderr.write(`halyard: ${printable(messageOf(error))}\n`);
}

function exitCodeOf(error: unknown): ExitCode {
  return error instanceof CliError ? error.exitCode : ExitCode.failure;
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", () => {}); // EPIPE: whoever read the output has left, which is no reason to crash
}

process.on("uncaughtException", (error) => {
  complain(new Error(`unexpected failure, please report it: ${messageOf(error)}`, { cause: error }));
  process.exit(ExitCode.failure);
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  complain(error);
  process.exitCode = exitCodeOf(error);
}
