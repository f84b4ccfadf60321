import { isThenable } from "../internal/thenable.js";
import type { CloseInfo } from "./close-info.js";
import type { ConnectionError } from "./connection-error.js";
import { publishClose, publishDrain, publishError } from "./connection-channels.js";
import type { LinkEvents } from "./link.js";
import type { Message } from "./message.js";
import type { ObservedConnection } from "./observer.js";

/** The callbacks of a handler whose connections are of type `Subject`. */
export interface HandlerOf<Subject> {
  /** Called once, before any message; if it returns a promise, messages wait for it. */
  open?(connection: Subject): unknown;
  /** Called for each message in order; if it returns a promise, the next message waits for it and reading stops. */
  message?(connection: Subject, message: Message): unknown;
  /** Called when `bufferedBytes`, having passed `highWaterMark`, has fallen to `lowWaterMark`. */
  drain?(connection: Subject): unknown;
  /** Called once, after the last message. */
  close?(connection: Subject, info: CloseInfo): unknown;
  /** Called for what went wrong: the peer's faults, a lost socket, what these callbacks throw. `close` follows. */
  error?(connection: Subject, error: ConnectionError): unknown;
}

/**
 * Called for a failure of the user's own code that no handler of theirs takes. By way of a method, so that a connection with data is
 * one without as well.
 */
export type OnErrorOf<Subject> = { onError(error: unknown, connection: Subject): void }["onError"];

/** What callbacks are called with, as far as that is used here. */
interface Failing extends ObservedConnection {
  /** Ends the connection for a failure of its handler. */
  fail(cause: unknown): void;
}

/** Calls the callbacks of one connection's handler, once it has one, and takes care of what they throw. */
export class HandlerCalls<Subject extends Failing> implements LinkEvents {
  readonly connection: Subject;
  readonly #onError: OnErrorOf<Subject>;
  #handler: HandlerOf<Subject> | undefined;
  /** What went wrong before there was a handler to tell. */
  #unreported: ConnectionError | undefined;
  #isReporting = false;

  constructor(connection: Subject, onError: OnErrorOf<Subject>) {
    this.connection = connection;
    this.#onError = onError;
  }

  get hasHandler(): boolean {
    return this.#handler !== undefined;
  }

  /** Has `handler` be called from now on; `opened` gets what its `open` returns. */
  handle(handler: HandlerOf<Subject>, opened: (result: unknown) => void): void {
    this.#handler = handler;
    this.#run(() => opened(handler.open?.(this.connection)));
    if (this.#unreported !== undefined) this.#tell(this.#unreported);
  }

  message(message: Message): unknown {
    return this.#handler?.message?.(this.connection, message);
  }

  drained(): void {
    publishDrain(this.connection);
    this.#run(() => this.#handler?.drain?.(this.connection));
  }

  finished(info: CloseInfo): void {
    this.#run(() => this.#handler?.close?.(this.connection, info));
  }

  gone(info: CloseInfo): void {
    publishClose(this.connection, info);
  }

  failed(error: ConnectionError): void {
    publishError(this.connection, error);
    this.#tell(error);
  }

  #tell(error: ConnectionError): void {
    const handler = this.#handler;
    if (handler?.error === undefined) {
      if (error.code === "handler-failed") this.#reportToOwner(error.cause);
      else this.#unreported = error;
      return;
    }
    // A failure that `error` itself declares has nobody else to go to.
    if (this.#isReporting) {
      this.#reportToOwner(error.cause ?? error);
      return;
    }
    this.#isReporting = true;
    try {
      const result = handler.error(this.connection, error);
      if (isThenable(result)) result.then(undefined, (cause: unknown) => this.#reportToOwner(cause));
    } catch (cause) {
      this.#reportToOwner(cause);
    } finally {
      this.#isReporting = false;
    }
  }

  /** Runs a callback whose promise nothing waits for. */
  #run(callback: () => unknown): void {
    try {
      const result = callback();
      if (isThenable(result)) result.then(undefined, (cause: unknown) => this.connection.fail(cause));
    } catch (cause) {
      this.connection.fail(cause);
    }
  }

  /** The last resort: what `onError` itself throws has nowhere to go, as documented there. */
  #reportToOwner(cause: unknown): void {
    try {
      const result: unknown = this.#onError(cause, this.connection);
      if (isThenable(result)) result.then(undefined, ignore);
    } catch {
      // The same.
    }
  }
}

function ignore(): void {}
