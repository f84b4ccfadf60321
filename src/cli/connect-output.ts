import type { ConnectEvent } from "./connect-event.js";
import { formatConnectAsJson } from "./connect-json.js";
import { formatForSession, formatMessage } from "./connect-text.js";
import type { OutputPipe } from "./output-pipe.js";
import type { Paint } from "./paint.js";
import { printable } from "./printable.js";
import type { Prompt } from "./prompt.js";

/** Tells what happens; resolves when there is room to tell more. */
export type Report = (event: ConnectEvent) => Promise<void>;

/** Leaves out what `--quiet` does not want. */
export function quietly(report: Report): Report {
  const told: ReadonlySet<ConnectEvent["event"]> = new Set(["message", "warning", "mistake", "help", "error"]);
  return async (event) => {
    if (told.has(event.event)) await report(event);
  };
}

/** One JSON object per line, for programs. */
export function reportAsJson(out: OutputPipe): Report {
  return (event) => out.write(`${formatConnectAsJson(event, new Date())}\n`);
}

/** For somebody who types at `prompt`. Messages go to `out`, where it is a pipe and not the prompt's own terminal. */
export function reportToPrompt(prompt: Prompt, paint: Paint, out: OutputPipe | undefined): Report {
  return async (event) => {
    if (event.event === "message" && out !== undefined) {
      await writeRaw(out, event.message);
      return;
    }
    const text = formatForSession(event, paint);
    if (text !== undefined) prompt.print(text);
  };
}

/** For a script: messages to `out`, warnings to `err`, nothing else. On a terminal messages are shown, in a pipe they are as they came. */
export function reportToPipe(out: OutputPipe, err: OutputPipe, isTerminal: boolean): Report {
  return async (event) => {
    if (event.event === "message") {
      await (isTerminal ? out.write(`${formatMessage(event.message)}\n`) : writeRaw(out, event.message));
    } else if (event.event === "warning" || event.event === "mistake") {
      await err.write(`halyard: ${printable(event.message)}\n`);
    }
  };
}

/** Text as a line; bytes as they are, with nothing added. */
async function writeRaw(out: OutputPipe, message: string | Uint8Array): Promise<void> {
  await out.write(typeof message === "string" ? `${message}\n` : message);
}
