import { type TimerOwner, type TimerWheel, WheelTimer } from "../connection/index.js";
import { defer } from "../internal/deferred.js";
import { onAbort } from "./abort-listener.js";
import { type ConnectError, connectError } from "./connect-error.js";
import type { ResolvedConnectOptions } from "./connect-options.js";

/** How far a connection has come. */
export type Stage =
  | "reaching-proxy"
  | "asking-proxy"
  | "connecting"
  | "securing"
  | "exchanging-settings"
  | "asking"
  | "using-cookies";

const progress: Readonly<Record<Stage, string>> = {
  "reaching-proxy": "the proxy was not reached yet",
  "asking-proxy": "the proxy had not opened the way to the server yet",
  connecting: "the way to the server was not open yet",
  securing: "the TLS handshake was not over yet",
  "exchanging-settings": "the server had not sent its settings of HTTP/2 yet",
  asking: "the server had not answered the opening handshake yet",
  "using-cookies": "the option cookies had not answered yet",
};

/** How long a caller waits for a connection: until the deadline, or until the signal says that they do not any more. */
export class Patience implements TimerOwner {
  /** What is waited for, for the message. */
  stage: Stage = "connecting";
  /** All that there is, from the beginning. */
  readonly timeoutMs: number;
  readonly #url: string;
  readonly #timers: TimerWheel;
  /** Somebody waits for it: a `dial` or a jar that never settles must not end the process without a word. */
  readonly #timer: WheelTimer = new WheelTimer(this, true);
  readonly #controller = new AbortController();
  readonly #forget: () => void;

  /** @param url what is dialled, without credentials and query */
  constructor(url: string, { handshakeTimeoutMs, signal }: ResolvedConnectOptions, timers: TimerWheel) {
    this.#url = url;
    this.timeoutMs = handshakeTimeoutMs;
    this.#timers = timers;
    timers.arm(this.#timer, handshakeTimeoutMs);
    const onAborted = (): void => {
      const cause: unknown = signal?.reason;
      this.#end(connectError("aborted", url, "it was aborted", { cause }));
    };
    this.#forget = signal === undefined ? ignore : onAbort(signal, onAborted);
    if (signal?.aborted === true) onAborted();
  }

  onDue(): void {
    const what = `handshakeTimeoutMs (${this.timeoutMs}) are over and ${progress[this.stage]}`;
    const isAtProxy = this.stage === "reaching-proxy" || this.stage === "asking-proxy";
    this.#end(connectError(isAtProxy ? "proxy-timeout" : "timeout", this.#url, what));
  }

  /** Aborted when patience is over; its `reason` is the `ConnectError` that says so. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The error of patience that is over. */
  get error(): ConnectError {
    return this.signal.reason as ConnectError;
  }

  /** `promise`, or the rejection when patience is over before it is settled. */
  async within<T>(promise: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    const over = defer<never>();
    const forget = onAbort(signal, () => over.reject(this.error));
    if (signal.aborted) over.reject(this.error);
    try {
      // A race in any case: should `promise` reject later on, it is nobody's unhandled rejection.
      return await Promise.race([over.promise, promise]);
    } finally {
      forget();
    }
  }

  /** Nobody waits any more. */
  end(): void {
    this.#timers.disarm(this.#timer);
    this.#forget();
  }

  #end(error: ConnectError): void {
    this.end();
    this.#controller.abort(error);
  }
}

function ignore(): void {}
