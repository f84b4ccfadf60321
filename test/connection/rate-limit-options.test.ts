import { describe, expect, test } from "vitest";
import { resolveRateLimit } from "../../src/connection/rate-limit-options.js";

describe("rateLimit", () => {
  test("limits nothing where it is not given, or names no limit", () => {
    for (const option of [undefined, {}, { messagesPerSecond: Infinity }, { burstSeconds: 1 }]) {
      expect(resolveRateLimit(option)).toBeUndefined();
    }
  });

  test("pauses after a burst of five seconds by default", () => {
    expect(resolveRateLimit({ messagesPerSecond: 10 })).toEqual({
      messagesPerSecond: 10,
      bytesPerSecond: Infinity,
      burstSeconds: 5,
      whenExceeded: "pause",
    });
  });

  test.each([
    [{ messagesPerSecond: 0 }, "option rateLimit.messagesPerSecond got 0; it takes a positive integer, or Infinity"],
    [{ bytesPerSecond: 1.5 }, "option rateLimit.bytesPerSecond got 1.5"],
    [{ bytesPerSecond: "1" }, 'option rateLimit.bytesPerSecond got "1"'],
    [{ burstSeconds: 0 }, "option rateLimit.burstSeconds got 0; it takes an integer from 1 to 3600"],
    [{ burstSeconds: 3_601 }, "option rateLimit.burstSeconds got 3601"],
    [{ whenExceeded: "drop" }, 'option rateLimit.whenExceeded got "drop"; it takes "pause", "close"'],
    [{ messagePerSecond: 5 }, 'option rateLimit has no option "messagePerSecond"'],
    [100, "option rateLimit got 100; it takes an object like { messagesPerSecond: 10 }"],
    [null, "option rateLimit got null; it takes an object like { messagesPerSecond: 10 }"],
    [[], "option rateLimit got an array; it takes an object like { messagesPerSecond: 10 }"],
  ])("refuses %j and says why", (option, message) => {
    expect(() => resolveRateLimit(option as never)).toThrow(message);
  });
});
