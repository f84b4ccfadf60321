/** `value` as WebIDL makes a string of it: a symbol throws a TypeError, where `String` would describe it. */
export function stringOf(value: unknown): string {
  return "".concat(value as string);
}
