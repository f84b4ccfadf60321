import { showFields } from "./shown-event.js";

/**
 * The `error` event of a WebSocket. The web's says nothing, so that no page can probe a network through it; to a program of Node it tells
 * why, as `ws` and Node's own class do.
 */
export interface FailureEvent extends Event {
  /** What happened: a `ConnectError` where there never was a connection, else a `ConnectionError`. */
  readonly error?: Error;
  /** Its message. */
  readonly message?: string;
}

/** A `FailureEvent` that tells of `error`. */
export class OwnFailureEvent extends Event implements FailureEvent {
  readonly error: Error;
  readonly message: string;

  constructor(error: Error) {
    super("error");
    this.error = error;
    this.message = error.message;
  }
}

showFields(OwnFailureEvent.prototype, "ErrorEvent", ["type", "error"]);
