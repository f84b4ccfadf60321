import { describe, expect, test } from "vitest";
import { type FrameSpec, toHex } from "./support/frame-bytes.js";
import { bytesTo, createReceiver, receive, RecordingSink, roles } from "./support/recording-sink.js";

const frames: readonly FrameSpec[] = [
  { opcode: 0x1, payload: "first" },
  { opcode: 0x9, payload: "ping" },
  { opcode: 0x2, payload: "second", isFinal: false },
  { opcode: 0xa, payload: "pong" },
  { opcode: 0x0, payload: " half" },
  { opcode: 0x1, payload: "" },
  { opcode: 0x8, payload: "" },
];

describe("a receiver whose sink asks to pause", () => {
  for (const role of roles) {
    const bytes = bytesTo(role, ...frames);
    const endOf = (count: number): number => bytesTo(role, ...frames.slice(0, count)).length;

    test(`returns the offset just past the message, as a ${role}`, () => {
      const sink = new RecordingSink();
      sink.pausing = true;
      const receiver = createReceiver(sink, { role });
      const chunk = bytes.slice();
      expect(receiver.push(chunk, 0, chunk.length)).toBe(endOf(1));
      expect(sink.received).toEqual([{ text: "first" }]);
    });

    test(`leaves the rest of the chunk untouched, as a ${role}`, () => {
      const sink = new RecordingSink();
      sink.pausing = true;
      const chunk = bytes.slice();
      const taken = createReceiver(sink, { role }).push(chunk, 0, chunk.length);
      expect(toHex(chunk, taken)).toBe(toHex(bytes, taken));
    });

    test(`goes on where it stopped when the rest is given again, as a ${role}`, () => {
      const sink = new RecordingSink();
      sink.pausing = true;
      const receiver = createReceiver(sink, { role });
      const chunk = bytes.slice();
      const stops: number[] = [];
      for (let at = 0; at < chunk.length; stops.push(at)) at = receiver.push(chunk, at, chunk.length);
      // Only messages pause it: control frames go by, and the close frame is followed by the end of the chunk.
      expect(stops).toEqual([endOf(1), endOf(5), endOf(6), endOf(7)]);
      expect(sink.received).toEqual(receive(bytes, { role }));
    });
  }

  test("pauses after a message that ends with the chunk, and takes the next chunk", () => {
    const sink = new RecordingSink();
    sink.pausing = true;
    const receiver = createReceiver(sink);
    for (const payload of ["a", "b"]) {
      const chunk = bytesTo("server", { opcode: 0x1, payload });
      expect(receiver.push(chunk, 0, chunk.length)).toBe(chunk.length);
    }
    expect(sink.received).toEqual([{ text: "a" }, { text: "b" }]);
  });

  test("says whether it takes more, and whether it has ended", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    const stateAfter = (...sent: FrameSpec[]): [takesMore: boolean, isEnded: boolean] => {
      const chunk = bytesTo("server", ...sent);
      receiver.push(chunk, 0, chunk.length);
      return [receiver.takesMore, receiver.isEnded];
    };
    expect(stateAfter({ opcode: 0x1, payload: "a" })).toEqual([true, false]);
    sink.pausing = true;
    expect(stateAfter({ opcode: 0x1, payload: "b" })).toEqual([false, false]);
    expect(stateAfter({ opcode: 0x9, payload: "c" })).toEqual([true, false]);
    expect(stateAfter({ opcode: 0x8, payload: "" })).toEqual([false, true]);
  });

  test("pauses once for each time that the sink asks", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    const chunk = bytesTo("server", { opcode: 0x1, payload: "a" }, { opcode: 0x1, payload: "b" }, { opcode: 0x1 });
    sink.pausing = true;
    const at = receiver.push(chunk, 0, chunk.length);
    sink.pausing = false;
    expect(receiver.push(chunk, at, chunk.length)).toBe(chunk.length);
    expect(sink.received).toEqual([{ text: "a" }, { text: "b" }, { text: "" }]);
  });

  test("takes the rest, given in smaller pieces, to the same messages", () => {
    const sink = new RecordingSink();
    sink.pausing = true;
    const receiver = createReceiver(sink);
    const bytes = bytesTo("server", ...frames);
    const chunk = bytes.slice();
    for (let at = 0; at < chunk.length;) at = receiver.push(chunk, at, Math.min(at + 3, chunk.length));
    expect(sink.received).toEqual(receive(bytes));
  });

  test("and has ended takes the rest without a call", () => {
    const sink = new RecordingSink();
    sink.pausing = true;
    const receiver = createReceiver(sink);
    const chunk = bytesTo("server", ...frames);
    const at = receiver.push(chunk, 0, chunk.length);
    receiver.end();
    expect(receiver.push(chunk, at, chunk.length)).toBe(chunk.length);
    expect(sink.received).toEqual([{ text: "first" }]);
  });
});
