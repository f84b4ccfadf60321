import { describe, expect, test } from "vitest";
import { defer, handled } from "../../src/internal/deferred.js";

describe("a deferred promise", () => {
  test("resolves with what it is given", async () => {
    const { promise, resolve } = defer<number>();
    resolve(7);
    await expect(promise).resolves.toBe(7);
  });

  test("rejects with what it is given", async () => {
    const { promise, reject } = defer<number>();
    const reason = new Error("no");
    reject(reason);
    await expect(promise).rejects.toBe(reason);
  });
});

describe("a handled promise", () => {
  test("is the promise itself, and still rejects for who awaits it", async () => {
    const promise = Promise.reject(new Error("no"));
    expect(handled(promise)).toBe(promise);
    await expect(promise).rejects.toThrow("no");
  });

  test("that rejects and is awaited by nobody is no unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): unknown => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    try {
      void handled(Promise.reject(new Error("no")));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("unhandledRejection", listener);
    }
    expect(unhandled).toEqual([]);
  });
});
