import type { Message } from "../connection/index.js";
import { isThenable } from "../internal/thenable.js";
import { issuesOf } from "./json-issue.js";
import { JsonMessageError } from "./json-message-error.js";
import { findSyntaxError } from "./json-syntax.js";
import { findPrototypeKey } from "./prototype-keys.js";
import type { SchemaResult, StandardSchema } from "./standard-schema.js";

/** What has become of a message: what a peer does wrong is a value, not thrown. */
export type Decoded<Value> =
  | { readonly error?: undefined; readonly value: Value }
  | { readonly error: JsonMessageError };

/**
 * The value of a message: parsed, checked for keys that pollute prototypes, and validated. A promise only where the schema
 * gives one.
 *
 * @throws what the schema throws, which is no fault of the peer's.
 */
export function decodeJson<Output>(
  schema: StandardSchema<unknown, Output>,
  message: Message,
): Decoded<Output> | Promise<Decoded<Output>> {
  const parsed = parse(message);
  if (parsed.error !== undefined) return parsed;
  const result = schema["~standard"].validate(parsed.value);
  return isThenable(result) ? result.then(decodedOf) : decodedOf(result);
}

function parse(message: Message): Decoded<unknown> {
  if (typeof message !== "string") return { error: JsonMessageError.ofBinary(message.length) };
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    // V8's error is dropped: it quotes the message.
    return { error: JsonMessageError.ofSyntax(findSyntaxError(message) ?? message.length, message.length) };
  }
  const pollution = findPrototypeKey(message, value);
  return pollution === undefined ? { value } : { error: JsonMessageError.ofPollution(pollution) };
}

function decodedOf<Output>(result: SchemaResult<Output>): Decoded<Output> {
  if (result.issues === undefined) return { value: result.value };
  return { error: JsonMessageError.ofIssues(issuesOf(result.issues)) };
}
