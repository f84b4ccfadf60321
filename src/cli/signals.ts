import type { EventEmitter } from "node:events";
import { constants } from "node:os";

/** The signals by which a terminal, a shell or a service manager asks a program to stop. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/**
 * One Ctrl-C under `npm start` arrives twice: once from the terminal, which signals the whole group, and once from npm, which
 * passes its own on, late where the machine is busy.
 */
const ECHO_MS = 1_000;

/** What `waitForStop` reads; the defaults are this process's own. */
export interface SignalSource {
  /** Emits the signals. */
  readonly source?: EventEmitter;
  /** Whether npm may pass the first signal on once more. */
  readonly underNpm?: boolean;
  /** A clock that only goes forward. */
  readonly nowMs?: () => number;
}

/**
 * Waits for SIGINT or SIGTERM, and takes both over for the rest of the process: npm's echo of the first must not end it
 * either. The echo is the same signal, once, within a second; whoever presses Ctrl-C that fast under npm presses a third time.
 *
 * @param onAgain - Called for a signal after the first that is not its echo, with the exit status that shells expect of a
 * process that this signal ended: 130 or 143.
 * @returns The first signal.
 */
export function waitForStop(
  onAgain: (exitCode: number) => void,
  { source = process, underNpm = isUnderNpm(process.env), nowMs = (): number => performance.now() }: SignalSource = {},
): Promise<StopSignal> {
  return new Promise((resolve) => {
    let first: { readonly signal: StopSignal; readonly atMs: number } | undefined;
    let awaitsEcho = underNpm;
    for (const signal of STOP_SIGNALS) {
      source.on(signal, () => {
        if (first === undefined) {
          first = { signal, atMs: nowMs() };
          resolve(signal);
          return;
        }
        const isEcho = awaitsEcho && signal === first.signal && nowMs() - first.atMs <= ECHO_MS;
        awaitsEcho = false;
        if (!isEcho) onAgain(128 + constants.signals[signal]);
      });
    }
  });
}

/**
 * Ends this process by `signal`, as if nobody had taken it over. `process.exit()` waits for the threads of the process, of which one may be
 * opening a pipe that nobody writes to.
 */
export function endBy(signal: StopSignal): never {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // oxlint-disable-next-line unicorn/no-process-exit -- the first process of a container is not ended by a signal of its own
  return process.exit(128 + constants.signals[signal]);
}

/** Whether `npm start`, `npx` or one of their kin runs this process. */
export function isUnderNpm(environment: NodeJS.ProcessEnv): boolean {
  return environment["npm_lifecycle_event"] !== undefined || environment["npm_execpath"] !== undefined;
}
