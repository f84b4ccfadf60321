import { CloseCode } from "../protocol/index.js";
import { describePlaces, type JsonIssue } from "./json-issue.js";

/** What is wrong with a message. */
export type JsonMessageErrorCode =
  /** It is binary. */
  | "not-text"
  /** It is no JSON; `position` says where it stops being any. */
  | "not-json"
  /** The schema does not take its value, or it has a key that pollutes prototypes; `issues` says where. */
  | "invalid";

/** The close code for each: RFC 6455 §7.4.1. */
const closeCodes: Readonly<Record<JsonMessageErrorCode, CloseCode>> = {
  "not-text": CloseCode.unsupportedData,
  "not-json": CloseCode.invalidPayload,
  invalid: CloseCode.policyViolation,
};

/**
 * A message from the peer that is not what was agreed on. Neither its text nor what `console` shows of it quotes the message:
 * both may be logged. `issues` may quote it.
 */
export class JsonMessageError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "JsonMessageError";
  /** What is wrong with the message; stable. */
  readonly code: JsonMessageErrorCode;
  /** The code to close the connection with: 1003 for `not-text`, 1007 for `not-json`, 1008 for `invalid`. */
  readonly closeCode: CloseCode;
  /** For `not-json`: the first character that cannot stand where it does, counted from 0 in UTF-16 units. */
  readonly position: number | undefined;
  readonly #issues: readonly JsonIssue[];

  private constructor(
    code: JsonMessageErrorCode,
    message: string,
    details: { position?: number; issues?: readonly JsonIssue[] } = {},
  ) {
    super(message);
    this.code = code;
    this.closeCode = closeCodes[code];
    this.position = details.position;
    this.#issues = details.issues ?? [];
  }

  /** For `invalid`: what is wrong, in the schema's words and order; at least one. Empty otherwise. */
  get issues(): readonly JsonIssue[] {
    return this.#issues;
  }

  /** @internal */
  static ofBinary(byteLength: number): JsonMessageError {
    return new JsonMessageError("not-text", `a binary message of ${byteLength} bytes came; JSON is sent as text`);
  }

  /** @internal */
  static ofSyntax(position: number, length: number): JsonMessageError {
    const place =
      position === length ? `ends too early, at character ${length}` : `goes wrong at character ${position}`;
    return new JsonMessageError("not-json", `the message is not JSON: it ${place}`, { position });
  }

  /** @internal */
  static ofIssues(issues: readonly JsonIssue[]): JsonMessageError {
    return new JsonMessageError("invalid", `the message does not fit the schema ${describePlaces(issues)}`, { issues });
  }

  /** @internal */
  static ofPollution(issue: JsonIssue): JsonMessageError {
    const text = `the message has a key that could change prototypes, ${describePlaces([issue])}`;
    return new JsonMessageError("invalid", text, { issues: [issue] });
  }
}
