/**
 * Typed values in place of messages: JSON, validated by any Standard Schema.
 *
 * @module halyard/json
 */

export type { InvalidAction, InvalidPolicy } from "./invalid-policy.js";
export { JsonChannel, jsonChannel, type JsonCarrier, type JsonChannelOptions } from "./json-channel.js";
export { encodeJson } from "./json-encoder.js";
export { type JsonHandler, jsonHandler } from "./json-handler.js";
export type { JsonIssue } from "./json-issue.js";
export { JsonMessageError, type JsonMessageErrorCode } from "./json-message-error.js";
export { JsonValueError, type JsonValueErrorCode } from "./json-value-error.js";
export type {
  InferInput,
  InferOutput,
  SchemaIssue,
  SchemaResult,
  StandardSchema,
  StandardSchemaProperties,
} from "./standard-schema.js";
