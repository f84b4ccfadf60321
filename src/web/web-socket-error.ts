import { encodeUtf8 } from "../internal/utf8.js";
import { CloseCode } from "../protocol/index.js";
import { checkCloseArguments, clampToShort } from "./close-arguments.js";
import { defineInterface } from "./attributes.js";
import { stringOf } from "./web-string.js";

/** What a `WebSocketError` tells beside its message. */
export interface WebSocketCloseInfo {
  /** 1000 or 3000-4999. With a reason and without a code it is 1000. */
  readonly closeCode?: number | undefined;
  /** Up to 123 bytes of UTF-8. Default `""`. */
  readonly reason?: string | undefined;
}

/** Set while an error is made for how a connection has ended, whose code need not be one that may be sent. */
let ended: { readonly closeCode: number | null; readonly reason: string } | undefined;

/**
 * How a `WebSocketStream` has broken; or, given to `abort` of its `writable` or `cancel` of its `readable`, the code and reason to
 * close it with.
 *
 * @throws DOMException `InvalidAccessError` for a code that may not be used, `SyntaxError` for a reason that is too long.
 */
export class WebSocketError extends DOMException {
  readonly #closeCode: number | null;
  readonly #reason: string;

  constructor(message = "", init: WebSocketCloseInfo = {}) {
    super(message, "WebSocketError");
    if (ended !== undefined) {
      this.#closeCode = ended.closeCode;
      this.#reason = ended.reason;
      return;
    }
    const code = init.closeCode === undefined ? undefined : clampToShort(init.closeCode);
    const reason = init.reason === undefined ? "" : Buffer.from(stringOf(init.reason)).toString();
    checkCloseArguments(code, reason);
    this.#closeCode = code ?? (encodeUtf8(reason).length > 0 ? CloseCode.normal : null);
    this.#reason = reason;
  }

  /** `null` for none. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  /** `""` for none. */
  get reason(): string {
    return this.#reason;
  }
}

defineInterface(WebSocketError, ["closeCode", "reason"]);

/** The error of a connection that has ended so; `cause` is what we know of why. */
export function endError(message: string, closeCode: number | null, reason: string, cause: unknown): WebSocketError {
  ended = { closeCode, reason };
  try {
    const error = new WebSocketError(message);
    return Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
  } finally {
    ended = undefined;
  }
}
