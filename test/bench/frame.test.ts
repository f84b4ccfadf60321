import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { clientFrame, frameHeader, Opcode, serverFrame } from "../../bench/src/generator/frame.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the benchmark's frames", () => {
  it("equal the examples of RFC 6455 §5.7", () => {
    const hello = Buffer.from("Hello");
    expect(hex(serverFrame(Opcode.text, hello))).toBe("810548656c6c6f");
    expect(hex(clientFrame(Opcode.text, hello, Buffer.from("37fa213d", "hex")))).toBe("818537fa213d7f9f4d5158");
  });

  it.each([
    [0, "8200", "8280"],
    [125, "827d", "82fd"],
    [126, "827e007e", "82fe007e"],
    [256, "827e0100", "82fe0100"],
    [65_535, "827effff", "82feffff"],
    [65_536, "827f0000000000010000", "82ff0000000000010000"],
    [2 ** 32 + 1, "827f0000000100000001", "82ff0000000100000001"],
  ])("give a payload of %i bytes the shortest length form, RFC 6455 §5.2", (payloadBytes, unmasked, masked) => {
    expect(hex(frameHeader(Opcode.binary, payloadBytes, false))).toBe(unmasked);
    expect(hex(frameHeader(Opcode.binary, payloadBytes, true))).toBe(masked);
  });

  it.each([0, 1, 3, 4, 5, 126, 70_000])("give a masked payload of %i bytes back under its key", (payloadBytes) => {
    const payload = randomBytes(payloadBytes);
    const maskKey = randomBytes(4);
    const frame = clientFrame(Opcode.binary, payload, maskKey);
    const headerBytes = frameHeader(Opcode.binary, payloadBytes, true).length;

    expect(frame.subarray(headerBytes, headerBytes + 4)).toEqual(maskKey);
    const unmasked = frame.subarray(headerBytes + 4).map((byte, index) => byte ^ maskKey[index % 4]!);
    expect(Buffer.compare(unmasked, payload)).toBe(0);
  });

  it("refuse a mask key that is not four bytes long", () => {
    expect(() => clientFrame(Opcode.text, Buffer.from("x"), Buffer.alloc(3))).toThrow(RangeError);
  });
});
