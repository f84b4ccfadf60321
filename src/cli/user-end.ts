import type { ConnectFlags } from "./connect-flags.js";
import { quietly, type Report, reportAsJson, reportToPipe, reportToPrompt } from "./connect-output.js";
import type { SessionEnd } from "./connect-session.js";
import { writeHistory } from "./history-file.js";
import { bytesOfLines, textOfLines } from "./input-lines.js";
import type { OutputPipe } from "./output-pipe.js";
import { isColorful, paintIn } from "./paint.js";
import { Prompt } from "./prompt.js";
import { readTypedLine, type TypedLine } from "./typed-line.js";

/** How long no message has to come after the end of piped input, unless `--wait-ms` says otherwise. */
const SILENCE_MS = 1_000;

/** The user's end of a session: a person at a terminal, or programs before and behind a pipe. */
export interface UserEnd {
  readonly report: Report;
  /** What the user wants done, in order. */
  readonly lines: AsyncIterable<TypedLine>;
  readonly afterInput: SessionEnd["afterInput"];
  /** Gives back the terminal and keeps the history; reports are told without a prompt from then on. */
  close(): Promise<void>;
}

/** stdout and stderr. */
export interface Outputs {
  readonly out: OutputPipe;
  readonly err: OutputPipe;
}

/** What a user's end is set up with. */
export interface UserSetup extends Outputs {
  /** Lines of former times, the latest first. */
  readonly history: readonly string[];
}

/** The user's end as stdin, stdout and the flags have it; `onInterrupt` is called for Ctrl-C in a terminal. */
export function openUserEnd(flags: ConnectFlags, setup: UserSetup, onInterrupt: () => void): UserEnd {
  const end = process.stdin.isTTY ? openTerminal(flags, setup, onInterrupt) : openPipe(flags, setup);
  return { ...end, report: flags.quiet ? quietly(end.report) : end.report, lines: withFirst(flags, end.lines) };
}

/** Reports before there is a user's end. */
export function earlyReport({ json }: ConnectFlags, { out, err }: Outputs): Report {
  return json ? reportAsJson(out) : reportToPipe(out, err, process.stdout.isTTY);
}

function openTerminal(flags: ConnectFlags, setup: UserSetup, onInterrupt: () => void): UserEnd {
  const { stdin, stdout, stderr } = process;
  const screen = flags.json ? undefined : [stdout, stderr].find((stream) => stream.isTTY);
  const prompt = new Prompt({ input: stdin, output: screen, history: setup.history, onInterrupt });
  const isInColor = !flags.noColor && screen !== undefined && isColorful(screen, process.env);
  const pipe = screen === stdout ? undefined : setup.out;
  return {
    report: screen === undefined ? earlyReport(flags, setup) : reportToPrompt(prompt, paintIn(isInColor), pipe),
    lines: typedIn(prompt, flags.binary),
    afterInput: { kind: "close" },
    async close() {
      prompt.close();
      if (flags.history !== undefined) await writeHistory(flags.history, prompt.history);
    },
  };
}

function openPipe(flags: ConnectFlags, outputs: Outputs): UserEnd {
  const { stdin } = process;
  const silenceMs = flags.waitMs ?? (flags.once ? 0 : SILENCE_MS);
  return {
    report: earlyReport(flags, outputs),
    lines: messagesIn(flags.binary ? bytesOfLines(stdin) : textOfLines(stdin)),
    afterInput: silenceMs === 0 ? { kind: "listen" } : { kind: "close-in-silence", silenceMs },
    close: () => Promise.resolve(),
  };
}

async function* withFirst(
  { execute, binary }: ConnectFlags,
  lines: AsyncIterable<TypedLine>,
): AsyncGenerator<TypedLine> {
  for (const text of execute) yield { kind: "send", message: binary ? Buffer.from(text) : text };
  yield* lines;
}

async function* typedIn(prompt: Prompt, isBinary: boolean): AsyncGenerator<TypedLine> {
  for await (const line of prompt) yield readTypedLine(line, isBinary);
}

/** Lines of a pipe are messages, whatever they begin with. */
async function* messagesIn(lines: AsyncIterable<string | Uint8Array>): AsyncGenerator<TypedLine> {
  for await (const message of lines) yield { kind: "send", message };
}
