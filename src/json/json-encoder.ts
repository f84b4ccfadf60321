import { isThenable } from "../internal/thenable.js";
import { issuesOf } from "./json-issue.js";
import { findLoss } from "./json-loss.js";
import { JsonValueError } from "./json-value-error.js";
import type { InferInput, SchemaResult, StandardSchema } from "./standard-schema.js";

/**
 * The JSON of a value, as text that `connection.send` and `write` take. It is what `JSON.stringify` gives, for values that it
 * gives back whole.
 *
 * @param value - What to send. A property that is `undefined` is left out, as one that is not there.
 * @throws JsonValueError (a TypeError) `not-json` for what JSON would drop or change: `undefined` by itself or in a list,
 * functions, symbols, bigints, `NaN` and infinities, invalid dates, values that contain themselves, typed arrays, and objects
 * of which nothing would be left, such as a `Map` or a promise.
 */
export function encodeJson(value: unknown): string;
/**
 * As above, of what `schema` makes of `value`.
 *
 * @throws JsonValueError (a TypeError) `invalid` for what the schema does not take.
 * @throws TypeError for a schema that is asynchronous; `JsonChannel.send` takes such.
 */
export function encodeJson<Schema extends StandardSchema>(value: InferInput<Schema>, schema: Schema): string;
export function encodeJson(value: unknown, schema?: StandardSchema): string {
  if (schema === undefined) return stringify(value);
  const text = encodeWith(schema, value);
  if (typeof text === "string") return text;
  text.catch(ignore);
  throw new TypeError("the schema is asynchronous, and this has to be done at once; send with JsonChannel.send()");
}

/**
 * The JSON of what `schema` makes of `value`; a promise only where the schema gives one.
 *
 * @throws JsonValueError, or what the schema throws; as a rejection where the schema is asynchronous.
 */
export function encodeWith(schema: StandardSchema, value: unknown): string | Promise<string> {
  const result = schema["~standard"].validate(value);
  return isThenable(result) ? result.then(stringifyResult) : stringifyResult(result);
}

function stringifyResult(result: SchemaResult<unknown>): string {
  if (result.issues !== undefined) throw JsonValueError.ofIssues(issuesOf(result.issues));
  return stringify(result.value);
}

function stringify(value: unknown): string {
  const loss = findLoss(value);
  if (loss !== undefined) throw JsonValueError.ofLoss(loss);
  return JSON.stringify(value);
}

function ignore(): void {}
