import type { CloseSummary } from "../protocol/index.js";
import type { ConnectionError } from "./connection-error.js";

/** How a connection ended, and the error that ended it where there was one. */
export interface CloseInfo extends CloseSummary {
  readonly error: ConnectionError | undefined;
}
