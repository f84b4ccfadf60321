import { isOptionalWhitespace, isToken } from "../internal/http-token.js";

const NONE: readonly string[] = [];

/**
 * Whether the comma-separated list `value` names `token` (in lower case), without regard to the case of ASCII. RFC 9110 §5.6.1;
 * linear.
 */
export function listHasToken(value: string, token: string): boolean {
  if (value.length === token.length) return isSameToken(value, token); // as most clients write it
  return listElements(value).some((element) => isSameToken(element, token));
}

/** Whether `value` is `token` (in lower case), without regard to the case of ASCII. */
export function isSameToken(value: string, token: string): boolean {
  // Only tokens are compared: other characters have lower cases in ASCII, as the Kelvin sign has `k`.
  return isToken(value) && value.toLowerCase() === token;
}

/**
 * The subprotocols named in all `values` of Sec-WebSocket-Protocol, in the client's order of preference, or `undefined` when
 * one is not a token or stands there twice.
 */
export function parseSubprotocols(values: readonly string[]): readonly string[] | undefined {
  if (values.length === 0) return NONE;
  // RFC 9110 §5.3: header lines of one name are one list.
  const names = listElements(values.join(","));
  // RFC 6455 §4.3: where the header is there, it holds `1#token`, at least one.
  if (names.length === 0) return undefined;
  // RFC 6455 §4.1 (10): the elements MUST be non-empty tokens and MUST all be unique.
  return names.every(isToken) && new Set(names).size === names.length ? names : undefined;
}

/** The elements of a comma-separated list. RFC 9110 §5.6.1.2: a recipient MUST ignore empty ones. */
function listElements(value: string): string[] {
  return value
    .split(",")
    .map(trimWhitespace)
    .filter((element) => element !== "");
}

/** `text` without the spaces and tabs around it (not the other white space that `trim` takes). Linear; beyond its ends is NaN. */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (isOptionalWhitespace(text.charCodeAt(start))) start++;
  while (isOptionalWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * The first of `spoken`, our subprotocols in our order of preference, that the client `offered`; undefined for none. RFC 6455
 * §4.2.2 (4): the server chooses one of those offered, or none.
 */
export function selectSubprotocol(spoken: readonly string[], offered: readonly string[]): string | undefined {
  return spoken.find((name) => offered.includes(name));
}
