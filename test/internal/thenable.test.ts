import { describe, expect, test } from "vitest";
import { isThenable } from "../../src/internal/thenable.js";

/** An object that is no promise but has this as its `then`. */
function withThen(value: unknown): object {
  // oxlint-disable-next-line unicorn/no-thenable -- this is what is tested
  return Object.defineProperty({}, "then", { value });
}

describe("a thenable", () => {
  test("is a promise, or an object with a method then", () => {
    expect(isThenable(Promise.resolve())).toBe(true);
    expect(isThenable(withThen(() => {}))).toBe(true);
  });

  test.each<[unknown]>([[undefined], [null], [0], ["then"], [{}], [withThen(true)], [{ catch: () => {} }], [() => {}]])(
    "is not %o",
    (value) => {
      expect(isThenable(value)).toBe(false);
    },
  );
});
