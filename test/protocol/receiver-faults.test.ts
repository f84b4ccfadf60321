import { describe, expect, test } from "vitest";
import { type FaultCode, faults } from "../../src/protocol/fault.js";
import type { Role } from "../../src/protocol/receiver-sink.js";
import { type FrameSpec, joinBytes } from "./support/frame-bytes.js";
import { type Provocation, provocations } from "./support/provocations.js";
import { bytesTo, createReceiver, RecordingSink, roles } from "./support/recording-sink.js";

interface Case extends Provocation {
  readonly code: FaultCode;
  readonly role: Role;
}

const cases: readonly Case[] = Object.entries(provocations).flatMap(([code, list]) =>
  list.flatMap((provocation) =>
    roles
      .filter((role) => role === (provocation.only ?? role))
      .map((role) => ({ ...provocation, code: code as FaultCode, role })),
  ),
);

function setUp({ setup, role }: Case) {
  const sink = new RecordingSink();
  return { sink, receiver: createReceiver(sink, { ...setup, role }) };
}

/** How many bytes of the bad frame it takes until it shows. */
function badByteOf({ role, bad, badByte }: Case): number {
  if (typeof badByte === "number") return badByte;
  const headerBytes = bytesTo(role, bad).length - (bad.payload ?? "").length;
  return headerBytes + badByte.ofPayload;
}

/** What a peer may still have on its way when we give up on it, right and wrong. */
const late: readonly FrameSpec[] = [
  { opcode: 0x0, payload: "late" },
  { opcode: 0x1, payload: "late" },
  { opcode: 0x9, payload: "late" },
  { opcode: 0x8 },
  { opcode: 0x3, reservedBits: 1 },
];

describe("a receiver fed one byte at a time reports a fault at the first bad byte", () => {
  for (const each of cases) {
    test(`${each.what}, to a ${each.role}: ${each.code}`, () => {
      const { sink, receiver } = setUp(each);
      for (const byte of bytesTo(each.role, ...(each.before ?? []))) receiver.push(Uint8Array.of(byte), 0, 1);
      const before = [...sink.received];
      const bad = bytesTo(each.role, each.bad);
      const badByte = badByteOf(each);

      for (const byte of bad.subarray(0, badByte - 1)) receiver.push(Uint8Array.of(byte), 0, 1);
      expect(sink.received).toEqual(before);

      receiver.push(bad.slice(badByte - 1, badByte), 0, 1);
      expect(sink.received).toEqual([...before, { fault: each.code }]);
    });
  }
});

describe("RFC 6455 §7.1.7: a receiver takes and ignores all that follows a fault", () => {
  for (const each of cases) {
    test(`${each.what}, to a ${each.role}`, () => {
      const { sink, receiver } = setUp(each);
      const lateBytes = bytesTo(each.role, ...late);
      const chunk = joinBytes(bytesTo(each.role, ...(each.before ?? []), each.bad), lateBytes);
      expect(receiver.push(chunk, 0, chunk.length)).toBe(chunk.length);
      const received = [...sink.received];
      expect(received.filter((call) => "fault" in call)).toHaveLength(1);
      expect(received.at(-1)).toEqual({ fault: each.code });

      expect(receiver.push(lateBytes, 0, lateBytes.length)).toBe(lateBytes.length);
      expect(sink.received).toEqual(received);
    });
  }
});

describe("the table of faults", () => {
  test("has the faults that are provoked here and no others", () => {
    expect(Object.keys(faults)).toEqual(Object.keys(provocations));
  });

  test.each([
    [1003, "a type of data that it cannot accept", ["unsupported-data"]],
    [
      1007,
      "data that is not consistent with the type of the message",
      ["invalid-close-reason", "invalid-utf8", "invalid-deflate"],
    ],
    [1008, "a breach of policy where no other code fits", ["too-many-fragments"]],
    [1009, "a message that is too big to process", ["frame-too-big", "message-too-big"]],
  ])("RFC 6455 §7.4.1: answers with %i %s", (closeCode, _, codes) => {
    expect(codesAnsweredWith(closeCode)).toEqual(codes);
  });

  test("RFC 6455 §7.4.1: answers with 1002 every other fault", () => {
    const others = new Set([1003, 1007, 1008, 1009].flatMap(codesAnsweredWith));
    const expected = Object.keys(faults).filter((code) => !others.has(code));
    expect(codesAnsweredWith(1002)).toEqual(expected);
  });
});

function codesAnsweredWith(closeCode: number): string[] {
  return Object.entries(faults)
    .filter(([, row]) => row.closeCode === closeCode)
    .map(([code]) => code);
}
