import { describePlaces, type JsonIssue } from "./json-issue.js";

/** What is wrong with a value that was given to be sent. */
export type JsonValueErrorCode =
  /** JSON cannot hold it, or would change it on the way; `issues` says where and why. */
  | "not-json"
  /** The schema does not take it. */
  | "invalid";

/** A value that cannot be sent, found before anything was. */
export class JsonValueError extends TypeError {
  /** What `String(error)` begins with. */
  override readonly name = "JsonValueError";
  /** What is wrong with the value; stable. */
  readonly code: JsonValueErrorCode;
  readonly #issues: readonly JsonIssue[];

  private constructor(code: JsonValueErrorCode, message: string, issues: readonly JsonIssue[]) {
    super(message);
    this.code = code;
    this.#issues = issues;
  }

  /** What is wrong; at least one. */
  get issues(): readonly JsonIssue[] {
    return this.#issues;
  }

  /** @internal */
  static ofIssues(issues: readonly JsonIssue[]): JsonValueError {
    const text = `not sent: the value does not fit the schema for sending ${describePlaces(issues)}`;
    return new JsonValueError("invalid", text, issues);
  }

  /** @internal */
  static ofLoss(issue: JsonIssue): JsonValueError {
    return new JsonValueError("not-json", `not sent: ${issue.message}, ${describePlaces([issue])}`, [issue]);
  }
}
