import { handled } from "../internal/deferred.js";
import { checkInteger, checkKeys, checkShape } from "../internal/option-check.js";
import { ConnectionError } from "./connection-error.js";
import type { MessageStream } from "./message-stream.js";
import type { Message } from "./message.js";
import type { Reader } from "./reader.js";
import { type TimerWheel, WheelTimer } from "./timer-wheel.js";

/** How long to wait for a message. */
export interface ReceiveOptions {
  /** Gives up when it is aborted; `receive` or `receiveStream` then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds to wait at most, for a whole message with `receive`, for its beginning with `receiveStream`; either then rejects with
   * `receive-timeout`. Never early, and late by up to a tenth of a second: for finer times pass `AbortSignal.timeout(20)`. 0 takes
   * what has been received already. Default: as long as it takes.
   */
  readonly timeoutMs?: number | undefined;
}

const MAX_TIMEOUT_MS = Number.MAX_SAFE_INTEGER;

/** The next message of `reader`, if it comes in time. One that comes later is there for who reads next: none is lost. */
export function receiveInTime(
  reader: Reader,
  timers: TimerWheel,
  options: ReceiveOptions,
): Promise<Message | undefined> {
  const next = inTime(() => reader.next(), reader, timers, options);
  return handled(next.then(({ value }) => value));
}

/** The next message as a stream, if it begins in time. One that begins later is there for who reads next, whole or as a stream. */
export function receiveStreamInTime(
  reader: Reader,
  timers: TimerWheel,
  options: ReceiveOptions,
): Promise<MessageStream | undefined> {
  return handled(inTime(() => reader.nextStream(), reader, timers, options));
}

/** What `begin` has `reader` wait for, unless it takes too long. */
function inTime<T>(begin: () => Promise<T>, reader: Reader, timers: TimerWheel, options: ReceiveOptions): Promise<T> {
  const { signal, timeoutMs } = checkOptions(options);
  if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
  const next = begin();
  return new Promise((resolve, reject) => {
    // What has been given out already is not taken back: who waits gets it, too late or not.
    const giveUp = (reason: Error): void => {
      if (reader.release(next)) reject(reason);
    };
    const timer = new WheelTimer({ onDue: () => giveUp(ConnectionError.receiveTimeout(timeoutMs)) });
    const onAbort = (): void => giveUp(signal?.reason as Error);
    const settle = (): void => {
      timers.disarm(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    next.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: Error) => {
        settle();
        reject(error);
      },
    );
    signal?.addEventListener("abort", onAbort);
    if (timeoutMs === 0) timer.owner.onDue();
    else if (timeoutMs !== Number.POSITIVE_INFINITY) timers.arm(timer, timeoutMs);
  });
}

function checkOptions(options: ReceiveOptions): { signal: AbortSignal | undefined; timeoutMs: number } {
  checkKeys("receive", options, ["signal", "timeoutMs"]);
  const { signal, timeoutMs } = options;
  return {
    signal: checkShape("signal", signal, "an AbortSignal", (value) => value instanceof AbortSignal),
    timeoutMs: checkInteger("timeoutMs", timeoutMs, Number.POSITIVE_INFINITY, 0, MAX_TIMEOUT_MS),
  };
}
