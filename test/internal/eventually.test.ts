import { describe, expect, test } from "vitest";

import { settle, whenKnown } from "../../src/internal/eventually.js";

/** Yields `values` in turn and returns what came back for each. */
function* asking(values: readonly unknown[]): Generator<unknown, unknown[], unknown> {
  const answers: unknown[] = [];
  for (const value of values) answers.push(yield value);
  return answers;
}

/** Yields `value`, and returns what that throws. */
function* catching(value: unknown): Generator<unknown, unknown, unknown> {
  try {
    yield value;
    return "nothing was thrown";
  } catch (error) {
    yield Promise.resolve();
    return error;
  }
}

describe("settle", () => {
  test("stays within the turn as long as no step yields a promise", () => {
    expect(settle(asking([1, undefined, null, "text"]))).toEqual([1, undefined, null, "text"]);
  });

  test("gives what is there back to its step as it is", () => {
    const yielded = {};
    expect((settle(asking([yielded])) as unknown[])[0]).toBe(yielded);
  });

  test("waits for promises and goes on with what they resolve with, in order", async () => {
    const settled = settle(asking([1, Promise.resolve(2), 3, Promise.resolve(4), 5]));
    expect(settled).toBeInstanceOf(Promise);
    expect(await settled).toEqual([1, 2, 3, 4, 5]);
  });

  test("throws what a step throws before it waits", () => {
    // oxlint-disable-next-line require-yield -- it throws before
    function* throwing(): Generator<unknown, void, unknown> {
      throw new Error("at once");
    }
    expect(() => settle(throwing())).toThrow("at once");
  });

  test("rejects with what a step throws after it has waited", async () => {
    function* throwing(): Generator<unknown, void, unknown> {
      yield Promise.resolve();
      throw new Error("later");
    }
    await expect(settle(throwing())).rejects.toThrow("later");
  });

  test("rejects with what a promise rejects with that no step catches", async () => {
    await expect(settle(asking([Promise.reject(new Error("declined"))]))).rejects.toThrow("declined");
  });

  test("has a step catch what its promise rejects with, and go on", async () => {
    const declined = new Error("declined");
    expect(await settle(catching(Promise.reject(declined)))).toBe(declined);
  });
});

describe("whenKnown", () => {
  test("makes something of a value within the turn", () => {
    expect(whenKnown(20, (value) => value + 1)).toBe(21);
  });

  test("makes something of a promise once it has resolved", async () => {
    const made = whenKnown(Promise.resolve(20), (value) => value + 1);
    expect(made).toBeInstanceOf(Promise);
    expect(await made).toBe(21);
  });
});
