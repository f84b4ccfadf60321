import { messageOf } from "./cli-error.js";
import { formatAsJson } from "./json-format.js";
import { LineWriter } from "./line-writer.js";
import { levelOf, type ServeEvent } from "./serve-event.js";
import { formatAsText } from "./text-format.js";

export interface EventLogOptions {
  /** One JSON object per line instead of text. */
  readonly json: boolean;
  /** Leaves out what happens once per message. */
  readonly quiet: boolean;
}

/** How long the last lines may take when the process ends. */
const FLUSH_DEADLINE_MS = 500;

/** Where `halyard serve` says what happens: text with warnings on stderr, or JSON on stdout. */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #stdout: LineWriter;
  readonly #stderr: LineWriter;
  /** Where warnings go. */
  readonly #err: LineWriter;

  constructor(options: EventLogOptions) {
    this.#options = options;
    const describeGap = (lines: number, cause: Error | undefined): string => this.#describeGap(lines, cause);
    this.#stdout = new LineWriter(process.stdout, {
      describeGap,
      onTrouble: (error) => this.#stderr.write(this.#describeError(`cannot write to stdout: ${messageOf(error)}`)),
    });
    this.#stderr = new LineWriter(process.stderr, {
      describeGap,
      onTrouble: (error) => this.#stdout.write(this.#describeError(`cannot write to stderr: ${messageOf(error)}`)),
    });
    this.#err = options.json ? this.#stdout : this.#stderr;
  }

  /** Never throws, never waits. */
  report(event: ServeEvent): void {
    if (this.#options.quiet && event.event === "message") return;
    const line = this.#format(event);
    if (line === undefined) return;
    (levelOf(event) === "info" ? this.#stdout : this.#err).write(line);
  }

  /** Passes on a line that another process of this server has written. */
  pass(line: string, output: "out" | "err"): void {
    if (output === "out") this.#stdout.write(line);
    // What a program writes to stderr beside its log is no JSON.
    else if (this.#options.json) this.report({ event: "error", remote: undefined, error: new Error(line) });
    else this.#err.write(line);
  }

  /** Resolves when everything reported has been written, or after half a second when nobody takes it. */
  async flush(): Promise<void> {
    await Promise.all([this.#stdout.flush(FLUSH_DEADLINE_MS), this.#stderr.flush(FLUSH_DEADLINE_MS)]);
  }

  #format(event: ServeEvent): string | undefined {
    return this.#options.json ? formatAsJson(event, new Date()) : formatAsText(event);
  }

  #describeGap(lines: number, cause: Error | undefined): string {
    const reason = cause === undefined ? "whoever reads this output is too slow" : messageOf(cause);
    return this.#describeError(`${lines} lines left out: ${reason}`);
  }

  #describeError(message: string): string {
    return this.#format({ event: "error", remote: undefined, error: new Error(message) }) ?? "";
  }
}
