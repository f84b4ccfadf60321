import { describe, expect, test } from "vitest";
import { resolveCompression } from "../../../src/connection/deflate/compression-options.js";

const KIB = 1024;

describe("the option compression", () => {
  test.each([[undefined], [false]])("%j is no compression", (option) => {
    expect(resolveCompression(option)).toBeUndefined();
  });

  test("true is the documented defaults", () => {
    expect(resolveCompression(true)).toEqual({
      level: 4,
      memLevel: 6,
      most: {
        ours: { contextTakeover: true, windowBits: 13 },
        peers: { contextTakeover: true, windowBits: 13 },
      },
      thresholdBytes: { withTakeover: 64, without: 256 },
      maxSyncBytes: 16 * KIB,
      maxMemoryBytes: 256 * KIB * KIB,
    });
    expect(resolveCompression({})).toEqual(resolveCompression(true));
  });

  test("takes every member", () => {
    const option = {
      level: 9,
      memLevel: 1,
      windowBits: 9,
      peerWindowBits: 15,
      contextTakeover: false,
      peerContextTakeover: false,
      thresholdBytes: 0,
      maxSyncBytes: 0,
      maxMemoryBytes: Infinity,
    };
    expect(resolveCompression(option)).toEqual({
      level: 9,
      memLevel: 1,
      most: {
        ours: { contextTakeover: false, windowBits: 9 },
        peers: { contextTakeover: false, windowBits: 15 },
      },
      thresholdBytes: { withTakeover: 0, without: 0 },
      maxSyncBytes: 0,
      maxMemoryBytes: Infinity,
    });
  });

  test.each<[object, string]>([
    [{ level: 0 }, "option compression.level got 0; it takes an integer from 1 to 9"],
    [{ level: 10 }, "option compression.level got 10; it takes an integer from 1 to 9"],
    [{ memLevel: 1.5 }, "option compression.memLevel got 1.5; it takes an integer from 1 to 9"],
    [{ windowBits: 8 }, "option compression.windowBits got 8; it takes an integer from 9 to 15"],
    [{ peerWindowBits: 16 }, "option compression.peerWindowBits got 16; it takes an integer from 9 to 15"],
    [{ contextTakeover: 1 }, "option compression.contextTakeover got 1; it takes true or false"],
    [{ peerContextTakeover: "no" }, 'option compression.peerContextTakeover got "no"; it takes true or false'],
    [
      { thresholdBytes: -1 },
      "option compression.thresholdBytes got -1; it takes an integer from 0 to 9007199254740991",
    ],
    [
      { maxSyncBytes: Infinity },
      "option compression.maxSyncBytes got Infinity; it takes an integer from 0 to 16777216",
    ],
    [
      { maxMemoryBytes: 0 },
      "option compression.maxMemoryBytes got 0; it takes a positive integer, or Infinity for no limit",
    ],
    [{ threshold: 1 }, 'option compression has no option "threshold"; it takes level'],
  ])("%j is refused by name", (option, message) => {
    expect(() => resolveCompression(option)).toThrow(message);
  });

  test.each([
    ["yes", '"yes"'],
    [1, "1"],
    [null, "null"],
  ])("%j is refused", (option, got) => {
    expect(() => resolveCompression(option as never)).toThrow(
      new TypeError(`option compression got ${got}; it takes true, false or an object of options`),
    );
  });
});
