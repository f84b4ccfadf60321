/** How often `action` asks for the code of a character: the steps of a parser that scans by hand, counted without a clock. */
export function countCharacterReads(action: () => unknown): number {
  const original = Reflect.getOwnPropertyDescriptor(String.prototype, "charCodeAt") as PropertyDescriptor;
  const charCodeAt = original.value as typeof String.prototype.charCodeAt;
  let reads = 0;
  Reflect.defineProperty(String.prototype, "charCodeAt", {
    ...original,
    value(this: string, index: number): number {
      reads++;
      return charCodeAt.call(this, index);
    },
  });
  try {
    action();
  } finally {
    Reflect.defineProperty(String.prototype, "charCodeAt", original);
  }
  return reads;
}
