import type { EnvironmentEvent, Environment } from "../../src/reconnecting/environment.js";
import {
  type Loss,
  type ReconnectingOptions,
  ReconnectingSocket,
  type ReconnectingState,
  type SocketLike,
  type UrlSource,
} from "../../src/reconnecting/index.js";

/** A socket as a test plays it. */
export class FakeSocket implements SocketLike {
  readonly url: string;
  readyState = 0;
  bufferedAmount = 0;
  protocol = "";
  binaryType = "blob";
  onopen: (() => unknown) | null = null;
  onmessage: ((event: { data: unknown }) => unknown) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => unknown) | null = null;
  onerror: (() => unknown) | null = null;
  readonly sent: unknown[] = [];
  readonly closes: unknown[][] = [];
  /** With which it has closed, where somebody heard it. */
  code: number | undefined;

  constructor(url: string) {
    this.url = url;
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(...args: unknown[]): void {
    this.closes.push(args);
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(data: unknown): void {
    this.onmessage?.({ data });
  }

  drop(code = 1006, reason = ""): void {
    this.readyState = 3;
    if (this.onclose !== null) this.code = code;
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }
}

interface Timer {
  atMs: number;
  readonly run: () => void;
}

/** Clock, chance, browser and server of a test. */
export class World implements Environment {
  #nowMs = 1_000_000;
  readonly #timers = new Set<Timer>();
  readonly #watchers = new Set<(event: EnvironmentEvent) => void>();
  online = true;
  chance = 0.5;
  readonly sockets: FakeSocket[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.chance;
  }

  isOnline(): boolean {
    return this.online;
  }

  startTimer(run: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  watch(tell: (event: EnvironmentEvent) => void): () => void {
    this.#watchers.add(tell);
    return () => void this.#watchers.delete(tell);
  }

  get timers(): number {
    return this.#timers.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  tell(event: EnvironmentEvent): void {
    for (const tell of this.#watchers) tell(event);
  }

  /** Lets `ms` pass, with every timer in its time, and what promises do after each. */
  async pass(ms: number): Promise<void> {
    await settle();
    const endMs = this.#nowMs + ms;
    for (;;) {
      let due: Timer | undefined;
      for (const timer of this.#timers)
        if (timer.atMs <= endMs && !(timer.atMs >= (due?.atMs ?? Infinity))) due = timer;
      if (due === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      this.#timers.delete(due);
      due.run();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** Somebody sets the clock, by so much; timers run on. */
  setClock(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of this.#timers) timer.atMs += byMs;
  }

  /** Lets `ms` pass in which nothing runs; what was due then comes late. */
  async sleep(ms: number): Promise<void> {
    this.#nowMs += ms;
    await this.pass(0);
  }

  /** The latest socket that was opened. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket has been opened");
    return socket;
  }

  reconnecting(options: ReconnectingOptions = {}, url: UrlSource = "ws://test/"): Subject {
    return new Subject(
      new ReconnectingSocket(url, {
        open: (address) => {
          const socket = new FakeSocket(address);
          this.sockets.push(socket);
          return socket;
        },
        environment: this,
        ...options,
      }),
    );
  }

  /** The same, once it is open. */
  async opened(options: ReconnectingOptions = {}): Promise<Subject> {
    const subject = this.reconnecting(options);
    await settle();
    this.socket.open();
    return subject;
  }
}

/** A reconnecting socket, and all that it has told. */
export class Subject {
  readonly socket: ReconnectingSocket;
  readonly states: ReconnectingState[] = [];
  readonly messages: unknown[] = [];
  readonly losses: Loss[] = [];

  constructor(socket: ReconnectingSocket) {
    this.socket = socket;
    socket.on("state", (state) => this.states.push(state));
    socket.on("message", (message) => this.messages.push(message));
    socket.on("loss", (loss) => this.losses.push(loss));
  }

  get state(): ReconnectingState {
    return this.socket.state;
  }

  get kinds(): string[] {
    return this.states.map(({ kind }) => kind);
  }
}

/** Lets promises that are settled already run their course. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
}
