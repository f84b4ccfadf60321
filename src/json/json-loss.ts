import type { JsonIssue } from "./json-issue.js";

/**
 * Finds the first place in `value` that JSON cannot hold, or that `JSON.stringify` would leave out or change without a word.
 * A property that is `undefined` is none: leaving it out is how JSON says that an optional property is not there.
 *
 * Recurses as deep as the value nests, as `JSON.stringify` does.
 *
 * @throws what a `toJSON` of the value throws.
 */
export function findLoss(value: unknown): JsonIssue | undefined {
  return search(value, "", []);
}

/** The path is put together on the way back: nothing is kept for it while all is well. */
function search(given: unknown, key: string, ancestors: object[]): JsonIssue | undefined {
  const value = hasToJson(given) && !(given instanceof Date) ? given.toJSON(key) : given;
  const loss = typeof value === "object" && value !== null ? lossOfObject(value, ancestors) : lossOfPrimitive(value);
  if (loss !== undefined) return { message: loss, path: [] };
  if (typeof value !== "object" || value === null || value instanceof Date) return undefined;
  ancestors.push(value);
  const issue = Array.isArray(value) ? searchItems(value, ancestors) : searchProperties(value, ancestors);
  ancestors.pop();
  return issue;
}

function searchItems(items: readonly unknown[], ancestors: object[]): JsonIssue | undefined {
  for (let index = 0; index < items.length; index += 1) {
    const issue = search(items[index], String(index), ancestors);
    if (issue !== undefined) return { ...issue, path: [index, ...issue.path] };
  }
  return undefined;
}

function searchProperties(value: object, ancestors: object[]): JsonIssue | undefined {
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    if (inner === undefined) continue;
    const issue = search(inner, key, ancestors);
    if (issue !== undefined) return { ...issue, path: [key, ...issue.path] };
  }
  return undefined;
}

function lossOfPrimitive(value: unknown): string | undefined {
  switch (typeof value) {
    case "undefined":
      return "JSON has no undefined";
    case "function":
    case "symbol":
    case "bigint":
      return `JSON cannot hold a ${typeof value}`;
    case "number":
      return Number.isFinite(value) ? undefined : `JSON makes null of ${value}`;
    case "string":
    case "boolean":
    case "object":
      return undefined;
  }
}

function lossOfObject(value: object, ancestors: readonly object[]): string | undefined {
  if (ancestors.includes(value)) return "JSON cannot hold a value that contains itself";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "JSON makes null of an invalid date" : undefined;
  if (ArrayBuffer.isView(value)) return "JSON makes an object of a typed array; send it as a binary message, or a list";
  if (Array.isArray(value) || isPlain(value) || Object.keys(value).length > 0) return undefined;
  // A Map, a Set, an Error, a promise that nobody awaited: all of them end as {}.
  return `JSON makes {} of ${value.constructor.name}`;
}

/** Whether `value` is an object as `{}` makes it, in whatever realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  if (value === undefined || value === null) return false;
  return "toJSON" in Object(value) && typeof (value as { toJSON: unknown }).toJSON === "function";
}
