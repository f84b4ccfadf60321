import type { Connection, ConnectionHandler, Message } from "../connection/index.js";
import { checkCallbacks } from "../internal/option-check.js";
import { isThenable } from "../internal/thenable.js";
import { type Decoded, decodeJson } from "./json-decoder.js";
import type { JsonMessageError } from "./json-message-error.js";
import { checkSchema, type InferOutput, type StandardSchema } from "./standard-schema.js";

/** A `ConnectionHandler` that gets values in place of messages. */
export interface JsonHandler<Value, Data = unknown> extends Omit<ConnectionHandler<Data>, "message" | "borrows"> {
  /** Called for each value in order; if it returns a promise, the next message waits for it and reading stops. */
  message?(connection: Connection<Data>, value: Value): unknown;
  /**
   * Called for a message that is binary, no JSON, or not what the schema takes, in its place among the others: the next one
   * waits for its promise. The message is dropped then, and what becomes of the connection is up to this callback. Without
   * it the connection is closed with the error's `closeCode`, and its `code` as the reason.
   */
  invalid?(connection: Connection<Data>, error: JsonMessageError): unknown;
}

const callbackNames = ["open", "message", "invalid", "drain", "close", "error"];

/**
 * A handler object whose `message` gets what `schema` makes of the JSON that comes. There is no promise per message unless the
 * schema or the callback gives one; messages wait for either, in order. What the schema throws ends the connection with
 * 1011, as what a callback throws does.
 *
 * Where `authorize` gives connections data, say so once: `message: (player: Connection<User>, move) => ...`.
 *
 * @throws TypeError for what is no schema, and for a handler with a member that is none of its own.
 * @example
 * const move = z.object({ from: z.string(), to: z.string() });
 * await serve({ routes: { "/chess": jsonHandler(move, { message: (player, { from, to }) => play(player, from, to) }) } });
 */
export function jsonHandler<Schema extends StandardSchema, Data = undefined>(
  schema: Schema,
  handler: JsonHandler<InferOutput<Schema>, Data>,
): ConnectionHandler<Data> {
  checkSchema("jsonHandler", schema);
  checkCallbacks("JSON handler", handler, callbackNames);
  const take = (connection: Connection<Data>, decoded: Decoded<InferOutput<Schema>>): unknown => {
    if (decoded.error === undefined) return handler.message?.(connection, decoded.value);
    if (handler.invalid !== undefined) return handler.invalid(connection, decoded.error);
    void connection.close(decoded.error.closeCode, decoded.error.code);
    return undefined;
  };
  return {
    ...othersOf(handler),
    message(connection: Connection<Data>, message: Message): unknown {
      const decoded: Decoded<InferOutput<Schema>> | Promise<Decoded<InferOutput<Schema>>> = decodeJson(schema, message);
      return isThenable(decoded) ? decoded.then((ready) => take(connection, ready)) : take(connection, decoded);
    },
  };
}

/** The callbacks that are passed on as they are. One that is not there stays so: a connection asks whether `error` is. */
function othersOf<Data>(handler: JsonHandler<never, Data>): ConnectionHandler<Data> {
  return {
    ...(handler.open !== undefined && { open: (connection) => handler.open?.(connection) }),
    ...(handler.drain !== undefined && { drain: (connection) => handler.drain?.(connection) }),
    ...(handler.close !== undefined && { close: (connection, info) => handler.close?.(connection, info) }),
    ...(handler.error !== undefined && { error: (connection, error) => handler.error?.(connection, error) }),
  };
}
