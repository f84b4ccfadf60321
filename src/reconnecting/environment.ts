/** What a page is told of itself and the network. */
export type EnvironmentEvent = "online" | "offline" | "visible" | "freeze" | "resume";

/** The world around a reconnecting socket: a clock, chance, and what a browser tells. Tests have one of their own. */
export interface Environment {
  /** Milliseconds, as of `Date.now()`: a clock that goes on while the machine sleeps. */
  nowMs(): number;
  /** From 0 to 1, 1 excluded. */
  random(): number;
  /** Calls `run` once after `delayMs`, unless what it returns is called before. */
  startTimer(run: () => void, delayMs: number): () => void;
  /** False only where the runtime says that there is no network. */
  isOnline(): boolean;
  /** Calls `tell` for each event, until what it returns is called. */
  watch(tell: (event: EnvironmentEvent) => void): () => void;
}

type Heard = [type: string, listener: (event: { readonly persisted?: boolean }) => void];

interface EventSource {
  addEventListener?(...heard: [...Heard, until: { readonly signal: AbortSignal }]): void;
}

interface Host extends EventSource {
  readonly navigator?: { readonly onLine?: boolean };
  readonly document?: EventSource & { readonly visibilityState: string };
}

/** The runtime's own: in a browser with its events, in Node and in workers without those that they do not have. */
export const hostEnvironment: Environment = {
  nowMs: () => Date.now(),
  random: () => Math.random(),
  startTimer(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  isOnline: () => (globalThis as Host).navigator?.onLine !== false,
  watch(tell) {
    const host = globalThis as Host;
    const { document } = host;
    const stop = new AbortController(); // whose `signal` is all that the options of a listener need
    const listen = (source: EventSource | undefined, ...heard: Heard): void =>
      source?.addEventListener?.(...heard, stop);
    listen(host, "online", () => tell("online"));
    listen(host, "offline", () => tell("offline"));
    // Out of the back/forward cache a page comes without having been told "resume".
    listen(host, "pageshow", ({ persisted }) => persisted === true && tell("resume"));
    listen(document, "visibilitychange", () => document?.visibilityState === "visible" && tell("visible"));
    listen(document, "freeze", () => tell("freeze"));
    listen(document, "resume", () => tell("resume"));
    return () => stop.abort();
  },
};
