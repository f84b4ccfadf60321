import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Silence } from "../../src/cli/silence.js";

describe("Silence", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("falls when nothing was heard for its whole length", async () => {
    const log: string[] = [];
    const silence = new Silence(1_000);
    void silence.fallen().then(() => log.push("fallen"));
    await vi.advanceTimersByTimeAsync(999);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(["fallen"]);
  });

  test("begins anew with every sound", async () => {
    const log: string[] = [];
    const silence = new Silence(1_000);
    silence.broken(); // before it has begun this means nothing
    void silence.fallen().then(() => log.push("fallen"));
    for (let sound = 0; sound < 5; sound += 1) {
      await vi.advanceTimersByTimeAsync(900);
      silence.broken();
    }
    await vi.advanceTimersByTimeAsync(999);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(["fallen"]);
  });
});
