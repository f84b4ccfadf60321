import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  frameHeaderLength,
  MAX_HEADER_BYTES,
  readUint32,
  writeFrameHeader,
  writeUint32,
} from "../../src/protocol/frame-header.js";
import { frameBytes, hexBytes, joinBytes, MASK_KEY, toHex } from "./support/frame-bytes.js";
import { receive, receiveChunks } from "./support/recording-sink.js";

const lengths: readonly (readonly [number, string])[] = [
  [0, "00"],
  [1, "01"],
  [125, "7d"],
  [126, "7e 007e"],
  [127, "7e 007f"],
  [255, "7e 00ff"],
  [256, "7e 0100"],
  [65535, "7e ffff"],
  [65536, "7f 0000000000010000"],
  [2 ** 31 - 1, "7f 000000007fffffff"],
  [2 ** 31, "7f 0000000080000000"],
  [2 ** 32 - 1, "7f 00000000ffffffff"],
  [2 ** 32, "7f 0000000100000000"],
  [2 ** 32 + 2 ** 31 + 5, "7f 0000000180000005"],
  [2 ** 53 - 1, "7f 001fffffffffffff"],
];

describe("RFC 6455 §5.2: a frame header", () => {
  test.each(lengths)("writes a length of %i in as few bytes as it takes", (length, hex) => {
    const target = new Uint8Array(10);
    const end = writeFrameHeader(target, 0, 0x82, length);
    expect(toHex(target, 0, end)).toBe(toHex(joinBytes(hexBytes("82"), hexBytes(hex))));
  });

  test.each(lengths)("with a length of %i and the mask bit differs in that bit only", (length) => {
    const plain = new Uint8Array(10);
    const masked = new Uint8Array(10);
    const end = writeFrameHeader(plain, 0, 0x81, length);
    expect(writeFrameHeader(masked, 0, 0x81, length, 0x80)).toBe(end);
    plain[1]! ^= 0x80;
    expect(masked).toEqual(plain);
  });

  test.each(lengths)("knows beforehand how many bytes a length of %i takes", (length) => {
    const end = writeFrameHeader(new Uint8Array(10), 0, 0x82, length);
    expect(frameHeaderLength(length, false)).toBe(end);
    expect(frameHeaderLength(length, true)).toBe(end + 4);
  });

  test("writes the first byte as it is given, and nothing outside the header", () => {
    for (const [length] of lengths) {
      const target = new Uint8Array(20).fill(0xee);
      const end = writeFrameHeader(target, 3, 0x01, length);
      expect(target[3]).toBe(0x01);
      expect([...target.subarray(0, 3), ...target.subarray(end)].every((byte) => byte === 0xee)).toBe(true);
    }
  });

  test("takes 14 bytes at the most", () => {
    expect(MAX_HEADER_BYTES).toBe(frameHeaderLength(Number.MAX_SAFE_INTEGER, true));
  });

  test("and its payload are read back by a receiver", () => {
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(125, 126, 65535, 65536).map((length) => new Uint8Array(length).fill(length)),
    );
    fc.assert(
      fc.property(payloads, fc.nat(20), (payload, offset) => {
        const bytes = new Uint8Array(offset + MAX_HEADER_BYTES + payload.length);
        const headerEnd = writeFrameHeader(bytes, offset, 0x82, payload.length);
        bytes.set(payload, headerEnd);
        const frame = bytes.slice(offset, headerEnd + payload.length);
        expect(receive(frame, { role: "client" })).toEqual([{ binary: toHex(payload) }]);
        expect(toHex(frame)).toBe(toHex(frameBytes({ opcode: 0x2, payload })));
      }),
      { numRuns: 60 },
    );
  });

  test("with the mask bit, its key and a masked payload are read back by a receiver", () => {
    const payload = hexBytes("00ff10");
    const header = new Uint8Array(MAX_HEADER_BYTES);
    const end = writeFrameHeader(header, 0, 0x82, payload.length, 0x80);
    header.set(MASK_KEY, end);
    const masked = payload.map((byte, index) => byte ^ MASK_KEY[index]!);
    expect(receiveChunks([header.slice(0, end + 4), masked])).toEqual([{ binary: "00ff10" }]);
  });
});

describe("an unsigned 32-bit integer in network order", () => {
  test.each([
    [0, "00000000"],
    [1, "00000001"],
    [0x01020304, "01020304"],
    [2 ** 31 - 1, "7fffffff"],
    [2 ** 31, "80000000"],
    [0xfedcba98, "fedcba98"],
    [2 ** 32 - 1, "ffffffff"],
  ])("%i is %s", (value, hex) => {
    const bytes = new Uint8Array(6).fill(0xee);
    writeUint32(bytes, 1, value);
    expect(toHex(bytes)).toBe(`ee${hex}ee`);
    expect(readUint32(bytes, 1)).toBe(value);
  });

  test("is written modulo 2^32", () => {
    const bytes = new Uint8Array(4);
    writeUint32(bytes, 0, 2 ** 40 + 5);
    expect(toHex(bytes)).toBe("00000005");
    writeUint32(bytes, 0, -1);
    expect(toHex(bytes)).toBe("ffffffff");
  });
});
