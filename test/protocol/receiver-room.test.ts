import { describe, expect, test } from "vitest";
import type { Receiver } from "../../src/protocol/receiver.js";
import { bytesTo, createReceiver, RecordingSink, roles } from "./support/recording-sink.js";

const LENGTH = 40_000;
const payload = Uint8Array.from({ length: LENGTH }, (_, i) => i % 251);
const hex = Buffer.from(payload).toString("hex");

function pushAll(receiver: Receiver, bytes: Uint8Array): void {
  expect(receiver.push(bytes.slice(), 0, bytes.length)).toBe(bytes.length);
}

describe.each(roles)("a receiver of a %s", (role) => {
  const whole = bytesTo(role, { opcode: 2, payload });
  const headerLength = whole.length - LENGTH;
  const cutPing = bytesTo(role, { opcode: 9, payload: "ping" }).subarray(0, -1);
  const fragment = bytesTo(role, { opcode: 2, payload, isFinal: false });
  const last = bytesTo(role, { opcode: 0, payload });

  test("takes what was read into its room, in any number of steps", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role });
    let at = headerLength + 1_000;
    let roomy = 0;
    pushAll(receiver, whole.subarray(0, at));
    while (at < whole.length) {
      const room = receiver.room as Uint8Array;
      expect(room.length).toBeLessThanOrEqual(whole.length - at);
      const count = Math.min(room.length, 7_001);
      room.set(whole.subarray(at, at + count));
      expect(receiver.push(room, 0, count)).toBe(count);
      roomy += count;
      const step = count === 0 ? 1 : 0; // it is full, and grows with what comes
      pushAll(receiver, whole.subarray(at + count, at + count + step));
      at += count + step;
    }
    expect(roomy).toBeGreaterThan(LENGTH / 2);
    expect(sink.received).toEqual([{ binary: hex }]);
    expect(receiver.room).toBeUndefined();
  });

  test("takes it as well behind a fragment that was gathered before", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role });
    const cut = last.length - LENGTH + 1;
    pushAll(receiver, fragment);
    pushAll(receiver, last.subarray(0, cut));
    const room = receiver.room as Uint8Array;
    room.set(last.subarray(cut, cut + room.length));
    expect(receiver.push(room, 0, room.length)).toBe(room.length);
    pushAll(receiver, last.subarray(cut + room.length));
    expect(sink.received).toEqual([{ binary: hex + hex }]);
  });

  test.each<[string, readonly Uint8Array[], (receiver: Receiver) => void]>([
    ["before anything has come", [], () => {}],
    ["within a header", [whole.subarray(0, 1)], () => {}],
    ["behind a header, where nothing is gathered yet", [whole.subarray(0, headerLength)], () => {}],
    ["between two fragments", [fragment], () => {}],
    ["within a ping between two fragments", [fragment, cutPing], () => {}],
    ["behind a message", [whole], () => {}],
    ["in a message that is given on in pieces", [whole.subarray(0, -1)], (receiver) => (receiver.givesPieces = true)],
  ])("has no room %s", (_, chunks, prepare) => {
    const receiver = createReceiver(new RecordingSink(), { role });
    prepare(receiver);
    for (const chunk of chunks) pushAll(receiver, chunk);
    expect(receiver.room).toBeUndefined();
  });

  test.each<[string, readonly Uint8Array[]]>([
    ["within a header", [whole.subarray(0, 1)]],
    ["within a payload", [whole.subarray(0, -1)]],
    ["between two fragments", [fragment]],
    ["within a ping", [cutPing]],
  ])("is not at rest %s", (_, chunks) => {
    const receiver = createReceiver(new RecordingSink(), { role });
    expect(receiver.isAtRest).toBe(true);
    for (const chunk of chunks) pushAll(receiver, chunk);
    expect(receiver.isAtRest).toBe(false);
  });

  test("is at rest behind a message, but not where it was asked to pause, or to give pieces, or has ended", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role });
    pushAll(receiver, whole);
    expect(receiver.isAtRest).toBe(true);
    sink.pausing = true;
    pushAll(receiver, whole);
    expect(receiver.isAtRest).toBe(false);
    sink.pausing = false;
    pushAll(receiver, whole);
    expect(receiver.isAtRest).toBe(true);
    receiver.givesPieces = true;
    expect(receiver.isAtRest).toBe(false);
    receiver.givesPieces = false;
    expect(receiver.isAtRest).toBe(true);
    receiver.end();
    expect(receiver.isAtRest).toBe(false);
  });
});
