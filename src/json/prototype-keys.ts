import type { JsonIssue } from "./json-issue.js";

/** A value inside another, and how to come there. */
interface Place {
  readonly value: object;
  readonly key: string | number | undefined;
  readonly parent: Place | undefined;
}

/**
 * Finds a key by which a value that is copied or merged key by key, as much code does, changes the prototype of what it is
 * copied into, or of every object: `__proto__`, and `constructor` with a `prototype` in it.
 *
 * @param text - What `value` was parsed from. Nearly no message names such a key, so `value` is gone through only where the
 * text has those words, or an escape that could spell them.
 */
export function findPrototypeKey(text: string, value: unknown): JsonIssue | undefined {
  const isSuspect = text.includes("__proto__") || text.includes('"constructor"') || text.includes("\\u00");
  return isSuspect && typeof value === "object" && value !== null ? search(value) : undefined;
}

/** Without recursion: a message may nest as deep as it is long. */
function search(root: object): JsonIssue | undefined {
  const places: Place[] = [{ value: root, key: undefined, parent: undefined }];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (Array.isArray(place.value)) {
      for (const [index, inner] of place.value.entries()) visit(places, place, index, inner);
      continue;
    }
    for (const [key, inner] of Object.entries(place.value) as [string, unknown][]) {
      if (isPrototypeKey(key, inner)) {
        return { message: `the key ${key} is refused: it could change prototypes`, path: [...pathOf(place), key] };
      }
      visit(places, place, key, inner);
    }
  }
  return undefined;
}

function visit(places: Place[], parent: Place, key: string | number, value: unknown): void {
  if (typeof value === "object" && value !== null) places.push({ value, key, parent });
}

function isPrototypeKey(key: string, inner: unknown): boolean {
  if (key === "__proto__") return true;
  return key === "constructor" && typeof inner === "object" && inner !== null && Object.hasOwn(inner, "prototype");
}

function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Place | undefined = place; at?.key !== undefined; at = at.parent) path.push(at.key);
  return path.toReversed();
}
