import { on } from "node:events";
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";

const PROMPT = "> ";
const MAX_HISTORY_LINES = 1_000;
const COMMANDS = ["/text ", "/binary ", "/ping ", "/close ", "/help"];

/** What a prompt is set up with. */
export interface PromptSetup {
  readonly input: ReadStream;
  /** The terminal to type in; without one lines are taken as the system gives them. */
  readonly output: WriteStream | undefined;
  /** Lines of former times, the latest first. */
  readonly history: readonly string[];
  /** Called for Ctrl-C, which a terminal that is being edited in does not make a signal of. */
  readonly onInterrupt: () => void;
}

/** Takes lines from a terminal, with editing, history and completion of commands, and prints above what is being typed. */
export class Prompt implements AsyncIterable<string> {
  readonly #interface: Interface;
  readonly #output: WriteStream | undefined;
  readonly #lines: AsyncIterable<[string]>;
  #history: readonly string[];
  #isClosed = false;

  constructor({ input, output, history, onInterrupt }: PromptSetup) {
    this.#output = output;
    this.#history = history;
    this.#interface = createInterface({
      input,
      ...(output !== undefined && { output }),
      terminal: output !== undefined,
      prompt: PROMPT,
      history: [...history],
      historySize: MAX_HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: complete,
    });
    this.#interface.on("SIGINT", onInterrupt);
    this.#interface.on("close", () => (this.#isClosed = true));
    this.#interface.on("history", (lines: string[]) => this.#remember(lines));
    this.#lines = on(this.#interface, "line", { close: ["close"] }) as AsyncIterable<[string]>;
    // The next prompt comes with the line, not with what becomes of it.
    this.#interface.on("line", () => this.#show());
  }

  /** Lines typed, the latest first, as far as they may be kept. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** The lines, until Ctrl-D or `close`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    this.#show();
    for await (const [line] of this.#lines) yield line;
  }

  /** Prints `text` above the line that is being typed, or simply prints it once the prompt is closed. */
  print(text: string): void {
    this.#wipe();
    this.#output?.write(`${text}\n`);
    this.#show();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#wipe();
    this.#interface.close();
  }

  #show(): void {
    if (!this.#isClosed && this.#output !== undefined) this.#interface.prompt(true);
  }

  /** Takes the prompt, and what is being typed, off the screen. */
  #wipe(): void {
    if (this.#isClosed || this.#output === undefined) return;
    const { rows } = this.#interface.getCursorPos();
    moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }

  /** A line that begins with a space is not kept, as in shells. */
  #remember(lines: string[]): void {
    if (lines[0]?.startsWith(" ") === true) lines.shift();
    this.#history = [...lines];
  }
}

/** The commands that begin as `line` does. */
function complete(line: string): [string[], string] {
  return [line === "" ? [] : COMMANDS.filter((command) => command.startsWith(line)), line];
}
