import type { SchemaIssue } from "./standard-schema.js";

/** One thing that is wrong with a value, and where. */
export interface JsonIssue {
  /** What the schema says. Some libraries quote the value here (arktype does): it is not for logs. */
  readonly message: string;
  /** The keys and indexes that lead to it, from the outside in; empty for the value itself. */
  readonly path: readonly PropertyKey[];
}

/** The issues of a schema, in one shape for all libraries. */
export function issuesOf(issues: readonly SchemaIssue[]): readonly JsonIssue[] {
  // Array.from, since arktype's lists are of a class of their own.
  return Array.from(issues, ({ message, path = [] }) => ({
    message,
    path: Array.from(path, (segment) => (typeof segment === "object" ? segment.key : segment)),
  }));
}

/** How many keys of a path a text shows. */
const MAX_SHOWN_KEYS = 8;
/** A key that a schema may well have named; any other may be the peer's own words, or control a terminal. */
const PLAIN_KEY = /^[A-Za-z_$][\w$]{0,39}$/;

/**
 * `path` as it stands in error texts: `players[0].name`, `""` for the value itself. Keys that are no plain names are shown
 * as `[*]`, for the texts never quote a message.
 */
function formatPath(path: readonly PropertyKey[]): string {
  const text = path
    .slice(0, MAX_SHOWN_KEYS)
    .map((key) => formatKey(key))
    .join("");
  return (text.startsWith(".") ? text.slice(1) : text) + (path.length > MAX_SHOWN_KEYS ? "…" : "");
}

function formatKey(key: PropertyKey): string {
  if (typeof key === "number") return `[${key}]`;
  return typeof key === "string" && PLAIN_KEY.test(key) ? `.${key}` : "[*]";
}

/** ` at players[0].name (and 2 more)` for issues, ` at the top` for a value that is wrong as a whole. */
export function describePlaces(issues: readonly JsonIssue[]): string {
  const path = formatPath(issues[0]?.path ?? []);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `at ${path === "" ? "the top" : path}${more}`;
}
