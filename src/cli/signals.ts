import type { EventEmitter } from "node:events";
import { constants } from "node:os";

/** The signals by which a terminal, a shell or a service manager asks a program to stop. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/**
 * One Ctrl-C under `npm start` arrives twice within milliseconds: once from the terminal, which signals the whole group, and
 * once from npm, which passes on its own. Nobody presses twice as fast as this.
 */
const ECHO_MS = 500;

/**
 * Waits for SIGINT or SIGTERM, and takes both over for the rest of the process: an echo of the first must not end it either.
 *
 * @param onAgain - Called for a signal after the first that is not its echo, with the exit status that shells expect of a
 * process that this signal ended: 130 or 143.
 * @param source - Emits the signals.
 * @param nowMs - A clock that only goes forward.
 * @returns The first signal.
 */
export function waitForStop(
  onAgain: (exitCode: number) => void,
  source: EventEmitter = process,
  nowMs: () => number = () => performance.now(),
): Promise<StopSignal> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    for (const signal of STOP_SIGNALS) {
      source.on(signal, () => {
        firstAtMs ??= nowMs();
        resolve(signal);
        if (nowMs() - firstAtMs > ECHO_MS) onAgain(128 + constants.signals[signal]);
      });
    }
  });
}
