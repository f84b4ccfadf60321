import { expect } from "vitest";
import type { DropReason, EndReason, ReconnectingState } from "../../src/reconnecting/index.js";
import { type Quiet, TIMES } from "./quiet.js";
import type { World } from "./world.js";

type StateOf<Kind> = Extract<ReconnectingState, { kind: Kind }>;

interface CourseOptions {
  readonly hasHeartbeat: boolean;
  readonly maxAttempts: number;
}

/**
 * The states of a reconnecting socket one after the other: which may follow which, upon what, with what delay, as
 * docs/reconnecting.md has it.
 */
export class Course {
  /** What happens now: the name of a method of `Life`, or of what a browser tells. */
  event = "";
  state: ReconnectingState;
  readonly #world: World;
  readonly #quiet: Quiet;
  readonly #options: CourseOptions;
  #sinceMs: number;
  #failures = 0;
  #delays = 0;

  constructor(state: ReconnectingState, world: World, quiet: Quiet, options: CourseOptions) {
    this.state = state;
    this.#world = world;
    this.#quiet = quiet;
    this.#options = options;
    this.#sinceMs = world.nowMs();
  }

  /** Each change of the state must be one that the documentation has, and come with the delay that it has. */
  changed(state: ReconnectingState): void {
    const before = this.state;
    const beforeMs = this.#world.nowMs() - this.#sinceMs;
    this.state = state;
    this.#sinceMs = this.#world.nowMs();
    switch (state.kind) {
      case "open":
        expect(before.kind).toBe("connecting");
        this.#quiet.opened();
        break;
      case "waiting":
        if (before.kind === "waiting") this.#hurried(before, state);
        else this.#dropped(before, beforeMs, state);
        break;
      case "connecting":
        this.#dialled(before, beforeMs, state);
        break;
      case "closing":
        expect([before.kind, this.event]).toEqual(["open", "closes"]);
        break;
      case "closed":
        this.#closed(before, beforeMs, state.reason);
        break;
    }
  }

  #hurried(before: StateOf<"waiting">, { delayMs, retryAtMs, ...state }: StateOf<"waiting">): void {
    expect(["online", "visible", "resume"]).toContain(this.event);
    expect(state).toMatchObject({ attempt: before.attempt, reason: before.reason, isOnline: this.#world.online });
    expect(delayMs).toBe(this.#shareOf(TIMES.firstDelayMs));
    expect(retryAtMs).toBe(this.#world.nowMs() + delayMs);
    expect(retryAtMs).toBeLessThan(before.retryAtMs);
  }

  #dropped(before: ReconnectingState, beforeMs: number, state: StateOf<"waiting">): void {
    const { reason } = state;
    this.#lost(before, beforeMs, reason);
    expect(this.#failures).toBeLessThan(this.#options.maxAttempts);
    expect(reason.kind === "closed" && isFinal(reason.code)).toBe(false);
    const { online } = this.#world;
    const isLong = !online || (reason.kind === "closed" && reason.code === 1013);
    const ceilingMs = Math.min(TIMES.maxDelayMs, TIMES.firstDelayMs * 2 ** this.#delays++);
    const delayMs = isLong ? Math.floor(((1 + this.#world.chance) / 2) * TIMES.maxDelayMs) : this.#shareOf(ceilingMs);
    expect(state).toMatchObject({ attempt: this.#failures + 1, delayMs, isOnline: online });
    expect(state.retryAtMs).toBe(this.#world.nowMs() + delayMs);
  }

  #dialled(before: ReconnectingState, beforeMs: number, state: StateOf<"connecting">): void {
    if (before.kind === "waiting") {
      if (this.event !== "reconnects") expect(this.#world.nowMs()).toBeGreaterThanOrEqual(before.retryAtMs);
      expect(state).toMatchObject({ attempt: before.attempt, reason: before.reason });
      return;
    }
    this.#lost(before, beforeMs, { kind: "requested" });
    this.#failures = this.#delays = 0;
    expect(state).toEqual({ kind: "connecting", attempt: 1, reason: { kind: "requested" } });
  }

  #closed(before: ReconnectingState, beforeMs: number, reason: EndReason): void {
    expect(before.kind).not.toBe("closed");
    switch (reason.kind) {
      case "requested":
        if (before.kind === "closing")
          expect(this.event.startsWith("drops") || beforeMs >= TIMES.closeTimeoutMs).toBe(true);
        else expect(this.event).toBe("closes");
        break;
      case "aborted":
        expect(this.event).toBe("aborts");
        break;
      case "refused":
        expect([before.kind, this.event, isFinal(reason.code)]).toEqual(["open", "dropsForGood", true]);
        break;
      case "invalid":
        expect(before.kind).toBe("connecting");
        break;
      case "gave-up":
        this.#count(before, beforeMs);
        expect(this.#failures).toBe(this.#options.maxAttempts);
        expect(reason.attempts).toBe(this.#failures);
        break;
    }
  }

  /** A connection or an attempt is over, for a reason that there is. */
  #lost(before: ReconnectingState, beforeMs: number, reason: DropReason): void {
    this.#count(before, beforeMs);
    switch (reason.kind) {
      case "closed":
        expect([before.kind, this.event]).toEqual(["open", "drops"]);
        break;
      case "connect-failed":
        expect(before.kind).toBe("connecting");
        break;
      case "connect-timeout":
        expect(before.kind).toBe("connecting");
        expect(beforeMs).toBeGreaterThanOrEqual(TIMES.connectTimeoutMs);
        break;
      case "silent":
        expect(this.#options.hasHeartbeat).toBe(true);
        expect(this.#quiet.mayBeSilence).toBe(true);
        break;
      case "stalled":
        expect(this.#quiet.mayBeStall).toBe(true);
        break;
      case "slept":
      case "frozen":
        expect(reason.forMs).toBeGreaterThanOrEqual(TIMES.sleepThresholdMs);
        expect([before.kind, this.#options.hasHeartbeat]).toEqual(["open", false]);
        break;
      case "offline":
        expect([before.kind, this.event]).toEqual(["open", "offline"]);
        break;
      case "requested":
        expect(this.event).toBe("reconnects");
        break;
    }
  }

  #count(before: ReconnectingState, beforeMs: number): void {
    if (before.kind === "open" && beforeMs >= TIMES.stableAfterMs) this.#failures = this.#delays = 0;
    else this.#failures++;
  }

  /** Nothing stays longer than it may. */
  check(): void {
    const nowMs = this.#world.nowMs();
    const { state } = this;
    switch (state.kind) {
      case "connecting":
        expect(nowMs - this.#sinceMs).toBeLessThan(TIMES.connectTimeoutMs);
        break;
      case "waiting":
        expect(nowMs).toBeLessThanOrEqual(state.retryAtMs);
        break;
      case "closing":
        expect(nowMs - this.#sinceMs).toBeLessThan(TIMES.closeTimeoutMs);
        break;
      case "open":
        expect(this.#quiet.mustBeStall).toBe(false);
        if (this.#options.hasHeartbeat) expect(this.#quiet.mustBeSilence).toBe(false);
        break;
      case "closed":
        break;
    }
  }

  #shareOf(ceilingMs: number): number {
    return Math.floor(this.#world.chance * ceilingMs);
  }
}

/** The codes of docs/reconnecting.md after which nobody comes back. */
export function isFinal(code: number): boolean {
  const listed = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003].includes(code);
  return listed || (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);
}
