import { createInterface } from "node:readline";
import { collectGarbage } from "../control/collect-garbage.js";
import type { GeneratorReport, LoadReport } from "../control/messages.js";
import { Histogram } from "../generator/histogram.js";
import { type OpenCommand, parseCommand } from "../generator/settings.js";
import { measured } from "../generator/stretch.js";

/** A connection of the client under test. */
export interface ClientConnection {
  send(message: string): void;
  close(): void;
}

/** Connects; calls `onMessage` for every message, and `onEnd` when the connection is lost. */
export type Dial = (url: string, onMessage: (message: string) => void, onEnd: () => void) => Promise<ClientConnection>;

/** One reply in this many is compared whole; the length of all is. */
const COMPARE_EVERY = 61;
const MESSAGES = 16;

/** Drives a client as the generator is driven, see bench/generator/main.c: echoes of text, a sliding window. */
export async function driveClient(dial: Dial): Promise<never> {
  let load: ClientLoad | undefined;
  report({ kind: "ready" });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "gc") {
      collectGarbage();
      report({ kind: "collected" });
      continue;
    }
    const command = parseCommand(line);
    switch (command.kind) {
      case "open":
        load = new ClientLoad(command);
        await load.open(dial);
        report({ kind: "connected" });
        break;
      case "load":
        if (load !== undefined) report({ kind: "loaded", ...(await load.run(command.durationMs)) });
        break;
      case "close":
        load?.close();
        report({ kind: "disconnected" });
    }
  }
  process.exit();
}

interface Window {
  readonly connection: ClientConnection;
  readonly sentAt: Float64Array;
  sent: number;
  answered: number;
}

class ClientLoad {
  readonly #command: OpenCommand;
  readonly #messages: readonly string[];
  readonly #windows: Window[] = [];
  #latency = new Histogram();
  #answered = 0;
  #compared = 0;
  #unanswered = 0;
  #isSending = false;
  #isClosing = false;
  #onSettled: () => void = () => {};

  constructor(command: OpenCommand) {
    this.#command = command;
    this.#messages = Array.from({ length: MESSAGES }, (_, index) =>
      `${index} `.padEnd(command.payloadBytes, "abcdefghij"),
    );
  }

  async open(dial: Dial): Promise<void> {
    const { port, path, connections, inFlight } = this.#command;
    for (let i = 0; i < connections; i++) {
      const onMessage = (message: string): void => this.#onReply(i, message);
      const connection = await dial(`ws://127.0.0.1:${port}${path}`, onMessage, () => this.#onEnd());
      this.#windows.push({ connection, sentAt: new Float64Array(inFlight), sent: 0, answered: 0 });
    }
  }

  run(durationMs: number): Promise<LoadReport> {
    const { connections, inFlight } = this.#command;
    this.#latency = new Histogram();
    this.#answered = this.#compared = 0;
    this.#unanswered = connections * inFlight;
    this.#isSending = true;
    return measured(async () => {
      setTimeout(() => (this.#isSending = false), durationMs);
      await new Promise<void>((resolve) => {
        this.#onSettled = resolve;
        for (const window of this.#windows) for (let i = 0; i < inFlight; i++) this.#send(window);
      });
      return { messages: this.#answered, comparedMessages: this.#compared, latency: this.#latency };
    });
  }

  close(): void {
    this.#isClosing = true;
    for (const { connection } of this.#windows) connection.close();
  }

  #send(window: Window): void {
    window.sentAt[window.sent % this.#command.inFlight] = performance.now();
    window.connection.send(this.#messages[window.sent++ % MESSAGES] ?? "");
  }

  #onReply(place: number, message: string): void {
    const window = this.#windows[place];
    if (window === undefined) return;
    const wanted = this.#messages[window.answered % MESSAGES] ?? "";
    if (message.length !== wanted.length) fail(`a reply has ${message.length} characters, not ${wanted.length}`);
    if (this.#answered % COMPARE_EVERY === 0) {
      if (message !== wanted) fail("a reply differs from its message");
      this.#compared++;
    }
    const sentAt = window.sentAt[window.answered++ % this.#command.inFlight] ?? 0;
    this.#latency.add((performance.now() - sentAt) * 1e6);
    this.#answered++;
    if (this.#isSending) this.#send(window);
    else if (--this.#unanswered === 0) this.#onSettled();
  }

  #onEnd(): void {
    if (!this.#isClosing) fail("a connection was lost");
  }
}

function fail(reason: string): void {
  report({ kind: "failed", reason });
}

function report(message: GeneratorReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
