import { describe, expect, test } from "vitest";
import { isControl, isReserved, Opcode } from "../../src/protocol/opcode.js";

describe("RFC 6455 §5.2: an opcode", () => {
  test.each([
    ["continuation", 0x0],
    ["text", 0x1],
    ["binary", 0x2],
    ["close", 0x8],
    ["ping", 0x9],
    ["pong", 0xa],
  ] as const)("of a %s frame is %i", (name, opcode) => {
    expect(Opcode[name]).toBe(opcode);
  });

  test("is reserved from 0x3 to 0x7 and from 0xB to 0xF", () => {
    const reserved = Array.from({ length: 16 }, (_, opcode) => opcode).filter(isReserved);
    expect(reserved).toEqual([0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf]);
  });

  test("RFC 6455 §5.5: names a control frame where its highest bit is set", () => {
    const control = Array.from({ length: 16 }, (_, opcode) => opcode).filter(isControl);
    expect(control).toEqual([0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf]);
  });
});
