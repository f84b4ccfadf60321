import { decodeUtf8, encodeUtf8 } from "../internal/utf8.js";
import { CloseCode, isCloseCodeOnWire } from "./close-code.js";
import type { FaultCode } from "./fault.js";
import { Utf8Validator } from "./utf8-validator.js";

/** What a close frame says. A frame without a payload reads as code 1005 and an empty reason. */
export interface ClosePayload {
  /** 1005 when the frame has no payload. */
  readonly code: number;
  /** `""` when the frame has none. */
  readonly reason: string;
}

/** The longest reason, in bytes of UTF-8: a control frame holds 125 bytes, of which the code takes two. */
export const MAX_REASON_BYTES = 123;

/** Parses the payload `bytes[start, end)` of a close frame; a string names the fault in it. RFC 6455 §5.5.1. */
export function parseClosePayload(bytes: Uint8Array, start: number, end: number): ClosePayload | FaultCode {
  const length = end - start;
  // RFC 6455 §7.1.5: no status code in the frame is taken as 1005.
  if (length === 0) return { code: CloseCode.noStatus, reason: "" };
  // RFC 6455 §5.5.1: if there is a body, its first two bytes MUST be a 2-byte unsigned integer.
  if (length === 1) return "close-payload-of-one-byte";
  const code = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  // RFC 6455 §7.4: codes that may not be sent are refused when received.
  if (!isCloseCodeOnWire(code)) return "invalid-close-code";
  // RFC 6455 §5.5.1: the rest of the body MUST be UTF-8.
  const validator = new Utf8Validator();
  if (!validator.write(bytes, start + 2, end) || !validator.isComplete) return "invalid-close-reason";
  return { code, reason: decodeUtf8(bytes, start + 2, end) };
}

/**
 * The payload of a close frame with `code` and `reason`; code 1005 stands for an empty one.
 *
 * @throws RangeError for a code that may not be sent, or a reason of more than 123 bytes of UTF-8.
 */
export function buildClosePayload(code: number, reason: string): Uint8Array {
  if (code === CloseCode.noStatus && reason === "") return new Uint8Array(0);
  if (!isCloseCodeOnWire(code)) {
    throw new RangeError(`close code ${code} may not be sent; use 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)`);
  }
  const text = encodeUtf8(reason);
  if (text.length > MAX_REASON_BYTES) {
    throw new RangeError(
      `close reason takes ${text.length} bytes in UTF-8; at most ${MAX_REASON_BYTES} fit (RFC 6455 §5.5)`,
    );
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}
