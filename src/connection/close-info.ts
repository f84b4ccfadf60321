import type { CloseSummary } from "../protocol/index.js";
import type { ConnectionError } from "./connection-error.js";

/** How a connection ended, and the error that ended it where there was one. */
export interface CloseInfo extends CloseSummary {
  /** Why the connection failed; `undefined` when it was closed as it should be. */
  readonly error: ConnectionError | undefined;
}
