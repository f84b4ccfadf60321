import { encodeUtf8 } from "../internal/utf8.js";
import { CloseCode, MAX_REASON_BYTES } from "../protocol/index.js";
import { stringOf } from "./web-string.js";
import { syntaxError } from "./web-url.js";

/** A checked close code and reason, ready for `connection.close`. */
export interface CloseArguments {
  /** 1005, "no code", where none was given and there is no reason. */
  readonly code: number;
  readonly reason: string;
}

/**
 * The arguments of a `close` of the web.
 *
 * @param code converted to 0-65535 as WebIDL's [Clamp] does; `undefined` for none
 * @throws DOMException `InvalidAccessError` for a code other than 1000 and 3000-4999, `SyntaxError` for a reason of more than 123 bytes.
 */
export function readCloseArguments(code: unknown, reason: unknown): CloseArguments {
  const clamped = code === undefined ? undefined : clampToShort(code);
  const text = reason === undefined ? "" : stringOf(reason);
  checkCloseArguments(clamped, text);
  // WHATWG WebSockets, "close the WebSocket": a reason without a code goes with 1000.
  return { code: clamped ?? (text === "" ? CloseCode.noStatus : CloseCode.normal), reason: wellFormed(text) };
}

/** @throws as `readCloseArguments`. */
export function checkCloseArguments(code: number | undefined, reason: string): void {
  if (code !== undefined && code !== CloseCode.normal && (code < 3000 || code > 4999)) {
    throw new DOMException(
      `close code ${code} may not be used; use 1000, or 3000-4999 for your own`,
      "InvalidAccessError",
    );
  }
  const { length } = encodeUtf8(reason);
  if (length > MAX_REASON_BYTES) {
    throw syntaxError(`the close reason takes ${length} bytes in UTF-8; at most ${MAX_REASON_BYTES} fit`);
  }
}

/**
 * WebIDL [Clamp] unsigned short: the nearest integer, of two equally near the even one.
 *
 * @throws TypeError for a BigInt or a symbol, as the language does where it converts to a number.
 */
export function clampToShort(value: unknown): number {
  const number = Math.min(Math.max(value as number, 0), 65_535);
  if (Number.isNaN(number)) return 0;
  const floor = Math.floor(number);
  const isTie = number - floor === 0.5;
  return isTie ? floor + (floor % 2) : Math.round(number);
}

/** `text` with lone surrogates replaced by U+FFFD, as a USVString. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
