import { expect } from "vitest";
import type { EnvironmentEvent } from "../../src/reconnecting/environment.js";
import type { Loss, ReconnectingState } from "../../src/reconnecting/index.js";
import { Course, isFinal } from "./course.js";
import { isLive, Ledger, PROBE, type QueueLimits, REPLY } from "./ledger.js";
import { HEARTBEAT, Quiet, TIMES } from "./quiet.js";
import { FakeSocket, settle, type Subject, World } from "./world.js";

export interface LifeOptions extends QueueLimits {
  readonly hasHeartbeat: boolean;
  readonly maxAttempts: number;
}

/** What `open` does at the next attempt. */
export type Opening = "socket" | "late" | "fails" | "no-url";

/** A socket whose `bufferedAmount` is that of what it was given. */
class FilledSocket extends FakeSocket {
  readonly #give: (data: string) => void;

  constructor(url: string, give: (data: string) => void) {
    super(url);
    this.#give = give;
  }

  override send(data: string): void {
    super.send(data);
    this.bufferedAmount += data.length;
    this.#give(data);
  }
}

/**
 * The life of a reconnecting socket, whatever happens in whatever order, held against a model of what docs/reconnecting.md says.
 * Each method is something that happens to it; those that make no sense now do nothing.
 */
export class Life {
  readonly #world = new World();
  readonly #options: LifeOptions;
  readonly #ledger: Ledger;
  readonly #quiet = new Quiet();
  readonly #subject: Subject;
  readonly #course: Course;
  readonly #abort = new AbortController();
  readonly #late: (() => void)[] = [];
  readonly #losses: Loss[] = [];
  readonly #messages: string[] = [];
  /** That of the latest attempt. */
  #socket: FakeSocket | undefined;
  #failure: Error | undefined;
  #sent = 0;
  #names = 0;
  #opening: Opening = "socket";
  #frozenAtMs: number | undefined;

  constructor(options: LifeOptions) {
    const { hasHeartbeat, ...limits } = options;
    this.#options = options;
    this.#ledger = new Ledger(options);
    this.#subject = this.#world.reconnecting({
      ...TIMES,
      ...limits,
      heartbeat: hasHeartbeat ? { ...HEARTBEAT, probe: PROBE, isReply: (data) => data === REPLY } : undefined,
      signal: this.#abort.signal,
      open: (url) => this.#open(url),
    });
    this.#course = new Course(this.#subject.state, this.#world, this.#quiet, options);
    this.#subject.socket.on("state", (state) => this.#hold(() => this.#changed(state)));
  }

  /** Something happens, and what follows at once; then all must be as it should. */
  async happens(event: string, chance: number, act: (life: this) => void | Promise<void>): Promise<void> {
    this.#course.event = event;
    this.#world.chance = chance;
    await act(this);
    await settle();
    if (this.#failure !== undefined) throw this.#failure;
    this.#check();
  }

  /** What is found wrong inside of the socket's calls must not be caught there. */
  #hold(look: () => void): void {
    try {
      look();
    } catch (failure) {
      this.#failure ??= failure as Error;
    }
  }

  // What servers and networks do.

  nextOpening(opening: Opening): void {
    this.#opening = opening;
  }

  /** What `open` had promised comes: the oldest first. */
  arrives(): void {
    this.#late.shift()?.();
  }

  opens(): void {
    const socket = this.#socket;
    if (socket?.readyState !== 0 || !isLive(socket)) return;
    socket.open();
    if (this.#isHere) expect(this.#course.state.kind).toBe("open");
  }

  drops(code: number): void {
    const before = this.#course.state.kind;
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === 3 || (socket.closes.length > 0 && before !== "closing")) return;
    socket.drop(code);
    if (!this.#isHere) return;
    expect(this.#course.state).not.toMatchObject({ kind: before });
    if (before === "closing") expect(this.#course.state).toEqual({ kind: "closed", reason: { kind: "requested" } });
    if (before === "open" && isFinal(code)) expect(this.#course.state.kind).toBe("closed");
  }

  /** The closing handshake has begun, and the close event is not there yet. */
  beginsToClose(): void {
    if (this.#course.state.kind === "open" && this.#socket !== undefined) this.#socket.readyState = 2;
  }

  says(text: string): void {
    if (this.#course.state.kind !== "open") return;
    this.#quiet.heard();
    this.#socket?.say(text);
    this.#messages.push(text);
  }

  answers(): void {
    if (this.#course.state.kind !== "open" || this.#socket === undefined) return;
    this.#quiet.heard();
    const after = this.#ledger.answer();
    if (after !== undefined) this.#keep(after);
    this.#socket.say(REPLY);
    if (!this.#options.hasHeartbeat) this.#messages.push(REPLY);
  }

  /** A socket that was given up does something all the same. */
  strays(): void {
    for (const socket of this.#world.sockets) {
      if (socket.closes.length === 0 || (socket === this.#socket && this.#course.state.kind === "closing")) continue;
      socket.open();
      socket.say("stray");
      socket.drop(1000);
    }
  }

  /** A part of what waits in the socket leaves. */
  flushes(share: number): void {
    this.#keep(Math.floor((this.#socket?.bufferedAmount ?? 0) * share));
  }

  // What time and the browser do.

  async passes(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      const stepMs = Math.min(left, 250);
      if ((this.#socket?.bufferedAmount ?? 0) === 0) this.#quiet.left();
      this.#quiet.passes(stepMs);
      await this.#world.pass(stepMs);
    }
  }

  async sleeps(ms: number): Promise<void> {
    const before = this.#course.state;
    this.#quiet.sleeps(ms);
    await this.#world.sleep(ms);
    const isLong = ms >= TIMES.sleepThresholdMs + TIMES.stallTimeoutMs;
    if (isLong && before.kind === "open" && !this.#options.hasHeartbeat) expect(this.#course.state).not.toBe(before);
  }

  tells(event: EnvironmentEvent): void {
    const before = this.#course.state;
    const frozenMs = this.#world.nowMs() - (this.#frozenAtMs ?? this.#world.nowMs());
    if (event === "freeze") this.#frozenAtMs = this.#world.nowMs();
    if (event === "resume") this.#frozenAtMs = undefined;
    if (event === "online" || event === "offline") this.#world.online = event === "online";
    this.#world.tell(event);
    if (event === "freeze") return;
    this.#quiet.doubted();
    const isFrozen = event === "resume" && frozenMs >= TIMES.sleepThresholdMs && !this.#options.hasHeartbeat;
    if (before.kind === "open" && (event === "offline" || isFrozen)) expect(this.#course.state).not.toBe(before);
    if (event !== "offline" && this.#course.state.kind === "waiting" && before.kind === "waiting") {
      expect(this.#course.state.retryAtMs - this.#world.nowMs()).toBeLessThan(TIMES.firstDelayMs);
    }
  }

  // What the program does.

  sends(length: number): void {
    const name = `${this.#names++}`;
    const message = name.padEnd(length, ".");
    const buffered = this.#course.state.kind === "open" ? (this.#socket?.bufferedAmount ?? 0) : 0;
    const dropped = this.#ledger.roomFor(message, buffered);
    const isOver = this.#course.state.kind === "closing" || this.#course.state.kind === "closed";
    if (isOver || dropped === undefined) {
      const code = isOver ? "closed" : "queue-full";
      expect(() => this.#subject.socket.send(message)).toThrow(expect.objectContaining({ code }) as Error);
      return;
    }
    this.#ledger.waiting.splice(0, dropped.length);
    this.#expectLoss("overflow", dropped);
    this.#ledger.accepted.push(message);
    this.#ledger.waiting.push(message);
    const goesOut = this.#course.state.kind === "open" && this.#socket?.readyState === 1;
    expect(this.#subject.socket.send(message)).toBe(goesOut ? "sent" : "queued");
    expect(this.#ledger.waiting.includes(message)).toBe(!goesOut);
  }

  reconnects(): void {
    const { kind } = this.#course.state;
    this.#subject.socket.reconnect();
    expect(this.#course.state.kind).toBe(kind === "closing" || kind === "closed" ? kind : "connecting");
  }

  closes(): void {
    const { kind } = this.#course.state;
    void this.#subject.socket.close();
    expect(this.#course.state.kind).toBe(kind === "open" || kind === "closing" ? "closing" : "closed");
  }

  aborts(): void {
    this.#abort.abort();
    expect(this.#course.state.kind).toBe("closed");
  }

  /** All is well again: it must come back, send what waits, and know at the end what became of each message. */
  async ends(): Promise<void> {
    this.#opening = "socket";
    await this.happens("online", 0.5, () => this.tells("online"));
    const isOver = (): boolean => this.#course.state.kind === "closed" || this.#course.state.kind === "closing";
    for (let turns = 0; turns < 10 && this.#course.state.kind !== "open" && !isOver(); turns++) {
      await this.happens("passes", 0.5, () => this.passes(1_000));
      await this.happens("opens", 0.5, () => this.opens());
    }
    if (!isOver()) expect(this.#course.state.kind).toBe("open");
    if (this.#socket?.readyState === 1) expect(this.#ledger.waiting).toEqual([]);
    await this.happens("closes", 0.5, () => this.closes());
    await this.happens("passes", 0.5, () => this.passes(TIMES.closeTimeoutMs));
    expect(this.#course.state.kind).toBe("closed");
    const told = this.#subject.losses.flatMap(({ messages }) => messages as string[]);
    const omitted = this.#subject.losses.reduce((sum, each) => sum + each.omitted, 0);
    const { accepted, confirmed } = this.#ledger;
    expect(new Set([...told, ...confirmed]).size).toBe(told.length + confirmed.length);
    expect(told.length + confirmed.length + omitted).toBe(accepted.length);
  }

  /** All but `bytes` of what the socket holds leaves. */
  #keep(bytes: number): void {
    if (this.#socket === undefined || this.#socket.bufferedAmount <= bytes) return;
    this.#socket.bufferedAmount = bytes;
    this.#quiet.left();
  }

  /** Whether `open` has given the latest socket out. */
  get #isHere(): boolean {
    return this.#socket !== undefined && this.#world.sockets.includes(this.#socket);
  }

  #open(url: string): FakeSocket | Promise<FakeSocket> {
    const opening = this.#opening;
    this.#opening = "socket";
    this.#socket = undefined;
    if (opening === "fails") throw new Error("no token");
    if (opening === "no-url") throw new DOMException("no URL", "SyntaxError");
    const socket: FakeSocket = new FilledSocket(url, (data) => this.#hold(() => this.#given(socket, data)));
    this.#socket = socket;
    const come = (): FakeSocket => {
      this.#world.sockets.push(socket);
      return socket;
    };
    return opening === "socket" ? come() : new Promise((resolve) => this.#late.push(() => resolve(come())));
  }

  /** The subject gives a socket something: the message whose turn it is, or a probe. */
  #given(socket: FakeSocket, data: string): void {
    expect(socket).toBe(this.#socket);
    expect(this.#course.state.kind).toBe("open");
    expect(socket.readyState).toBe(1);
    if (data === PROBE) expect(this.#options.hasHeartbeat).toBe(true);
    else expect(data).toBe(this.#ledger.waiting.shift());
    this.#ledger.give([data]);
    this.#sent++;
  }

  #changed(state: ReconnectingState): void {
    this.#course.changed(state);
    const isOver = state.kind === "closed";
    if (isOver || state.kind === "waiting" || state.kind === "connecting") this.#settleMessages();
    if (isOver) this.#expectLoss("unsent", this.#ledger.waiting.splice(0));
  }

  /** The latest connection is over. */
  #settleMessages(): void {
    const { uncertain, omitted } = this.#ledger.ended(this.#socket?.readyState === 3 ? this.#socket.bufferedAmount : 0);
    this.#expectLoss("uncertain", uncertain, omitted);
  }

  #expectLoss(kind: Loss["kind"], messages: readonly string[], omitted = 0): void {
    if (messages.length > 0 || omitted > 0) this.#losses.push({ kind, messages, omitted });
  }

  /** What holds at any time. */
  #check(): void {
    const { timers, watchers, sockets } = this.#world;
    const { state } = this.#course;
    const isOver = state.kind === "closed";
    expect(this.#subject.state).toBe(state);
    expect(Object.isFrozen(state)).toBe(true);
    expect([timers, watchers]).toEqual(isOver ? [0, 0] : [1, 1]);
    const live = sockets.filter(isLive);
    expect(live.length).toBeLessThanOrEqual(state.kind === "open" || state.kind === "connecting" ? 1 : 0);
    expect(sockets.reduce((sum, { sent }) => sum + sent.length, 0)).toBe(this.#sent);
    expect(this.#subject.socket.queuedMessages).toBe(this.#ledger.waiting.length);
    expect(this.#subject.losses).toEqual(this.#losses);
    expect(this.#subject.messages).toEqual(this.#messages);
    this.#course.check();
  }
}
