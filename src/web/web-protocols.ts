import { isToken } from "../internal/http-token.js";
import { stringOf } from "./web-string.js";
import { syntaxError } from "./web-url.js";

/**
 * The subprotocols to offer, of one name or a list.
 *
 * @throws DOMException `SyntaxError` for one that is no token, or that is there twice.
 */
export function readProtocols(given: unknown): readonly string[] {
  const names = (isIterable(given) ? [...given] : [given]).map((name) => stringOf(name));
  const seen = new Set<string>();
  for (const name of names) {
    // RFC 6455 §4.1 (10): the elements MUST be non-empty tokens and MUST all be unique. WHATWG compares them without regard to case.
    if (!isToken(name)) throw syntaxError(`the subprotocol ${JSON.stringify(name)} is no token (RFC 6455 §4.1)`);
    const folded = name.toLowerCase();
    if (seen.has(folded)) throw syntaxError(`the subprotocol ${JSON.stringify(name)} is there twice (RFC 6455 §4.1)`);
    seen.add(folded);
  }
  return names;
}

/** WebIDL: an object that iterates is a sequence; a string is not, though it iterates. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}
