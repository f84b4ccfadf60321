import { isFieldValue, isToken } from "./http-token.js";

/** Headers by name; a list stands for a header repeated. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/**
 * Checks headers that go out as given: names are tokens, values are texts that hold no CR, LF or NUL, and none is among `reserved` (in
 * lower case) or one of the WebSocket handshake's own.
 *
 * @throws TypeError that names the header; or for anything but a plain object: a promise, a `Map` or `Headers` has no
 * properties of its own, and would pass for no headers at all.
 */
export function checkHeaders(what: string, headers: HeaderFields, reserved: readonly string[]): void {
  if (!isPlainObject(headers)) {
    throw new TypeError(`${what} takes a plain object of headers by name, like { "X-Name": "value" }`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name)) throw new TypeError(`${what} got a header name that is not a token: ${JSON.stringify(name)}`);
    const lowerName = name.toLowerCase();
    if (reserved.includes(lowerName) || lowerName.startsWith("sec-websocket-")) {
      throw new TypeError(`${what} may not set the header ${name}: the handshake does`);
    }
    for (const item of [value].flat()) {
      if (typeof item !== "string") {
        const kind = item === null ? "null" : typeof item;
        throw new TypeError(
          `${what} got a value for the header ${name} that is ${kind}; it takes a string or a list of strings`,
        );
      }
      if (!isFieldValue(item)) {
        throw new TypeError(`${what} got a value for the header ${name} with characters that HTTP does not allow`);
      }
    }
  }
}

/** Whether `value` is what `{}` makes, in any realm. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
