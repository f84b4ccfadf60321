import { describeValue } from "../internal/option-check.js";
import type { JsonMessageError } from "./json-message-error.js";

/**
 * What becomes of a channel that has got a message which is not what was agreed on.
 *
 * - `"close"`: the connection is closed with the error's `closeCode` and its `code` as the reason; nothing more is received.
 * - `"throw"`: `receive` rejects with the error; the connection stays open and the next call takes the next message.
 * - `"skip"`: the message is dropped and the next one taken.
 */
export type InvalidAction = "close" | "throw" | "skip";

/** An action, or a function that chooses one for each error, and may log or answer it first. */
export type InvalidPolicy = InvalidAction | ((error: JsonMessageError) => InvalidAction | Promise<InvalidAction>);

const actions: readonly InvalidAction[] = ["close", "throw", "skip"];

/** @throws RangeError for what is no policy. */
export function resolveInvalidPolicy(policy: InvalidPolicy | undefined): InvalidPolicy {
  if (policy === undefined) return "close";
  if (typeof policy !== "function") checkAction("option onInvalid", policy, " or a function that returns one of them");
  return policy;
}

/**
 * What `policy` says of `error`.
 *
 * @throws what a function of the user's throws, as a rejection.
 */
export async function actionFor(policy: InvalidPolicy, error: JsonMessageError): Promise<InvalidAction> {
  if (typeof policy !== "function") return policy;
  const action = await policy(error);
  checkAction("what onInvalid returns", action, "");
  return action;
}

function checkAction(what: string, action: InvalidAction, otherwise: string): void {
  if (actions.includes(action)) return;
  throw new RangeError(`${what} is "close", "throw" or "skip"${otherwise}, not ${describeValue(action)}`);
}
