import { describe, expect, test } from "vitest";
import { hexDump } from "../../src/cli/hex-dump.js";

describe("hexDump()", () => {
  test("shows sixteen bytes a line, as hexadecimal and as ASCII", () => {
    expect(hexDump(Buffer.from("\u001b[2J hello, sailor"))).toEqual([
      "00000000  1b 5b 32 4a 20 68 65 6c 6c 6f 2c 20 73 61 69 6c  .[2J hello, sail",
      "00000010  6f 72                                            or",
    ]);
  });

  test("shows nothing of nothing", () => {
    expect(hexDump(new Uint8Array())).toEqual([]);
  });

  test("shows 256 bytes at most, and says how many there are beside", () => {
    expect(hexDump(new Uint8Array(256))).toHaveLength(16);
    expect(hexDump(new Uint8Array(1_000)).slice(15)).toEqual([
      "000000f0  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................",
      "… and 744 bytes more",
    ]);
  });
});
