import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameWatch } from "../../src/connection/frame-watch.js";
import type { ObservedFrame, Observer } from "../../src/connection/index.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { bytesTo, createReceiver, RecordingSink, receive, roles } from "../protocol/support/recording-sink.js";
import { meet } from "../support/meeting.js";
import { close, continuation, ping, text } from "../support/raw-peer.js";

/** What a frame is, in one line. */
function described({ direction, opcode, isFinal, rsv1, isMasked, payloadLength, payload }: ObservedFrame): string {
  const flags = [isFinal && "fin", rsv1 && "rsv1", isMasked && "masked"].filter((flag) => flag !== false).join(" ");
  return `${direction} ${opcode} ${flags} ${payloadLength} ${Buffer.from(payload).toString("latin1")}`;
}

/** Notes frames. */
function recorder(): { readonly seen: string[]; readonly observer: Observer } {
  const seen: string[] = [];
  return { seen, observer: { frame: (_, frame) => void seen.push(described(frame)) } };
}

const conversation: readonly FrameSpec[] = [
  { opcode: 0x1, payload: "whole" },
  { opcode: 0x2, payload: "one", isFinal: false },
  { opcode: 0x9, payload: "between" },
  { opcode: 0x0, payload: new Uint8Array(300).fill(0x61), isFinal: false },
  { opcode: 0x0, payload: "" },
  { opcode: 0x2, payload: new Uint8Array(70_000).fill(0x62) },
  { opcode: 0x1, payload: "" },
  { opcode: 0x8, payload: "" },
];

describe("a frame watch", () => {
  for (const role of roles) {
    const bytes = bytesTo(role, ...conversation);
    const mark = role === "server" ? " masked" : "";
    const expected = [
      `in 1 fin${mark} 5 whole`,
      `in 2 ${mark.trim()} 3 one`,
      `in 9 fin${mark} 7 between`,
      `in 0 ${mark.trim()} 300 ${"a".repeat(300)}`,
      `in 0 fin${mark} 0 `,
      `in 2 fin${mark} 70000 ${"b".repeat(1_024)}`,
      `in 1 fin${mark} 0 `,
      `in 8 fin${mark} 0 `,
    ];

    test(`shows the same frames however the bytes are cut, and gives the receiver every byte once, as a ${role}`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), fc.boolean(), (cuts, pausing) => {
          const sink = new RecordingSink();
          sink.pausing = pausing;
          const frames: string[] = [];
          const watch = new FrameWatch(createReceiver(sink, { role }), (frame) => frames.push(described(frame)));
          let start = 0;
          for (const end of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
            const chunk = bytes.slice(start, end);
            for (let at = 0; at < chunk.length;) at = watch.push(chunk, at, chunk.length);
            start = end;
          }
          expect(frames).toEqual(expected);
          expect(sink.received).toEqual(receive(bytes, { role }));
        }),
        { numRuns: 60 },
      );
    });
  }

  test("shows nothing behind a close frame, nor behind a fault", () => {
    for (const last of [close(1000), { opcode: 0x3, payload: "bad" }]) {
      const { seen, watch } = watched();
      const bytes = bytesTo("server", last, text("late"));
      expect(watch.push(bytes.slice(), 0, bytes.length)).toBe(bytes.length);
      expect(watch.push(bytes.slice(), 0, bytes.length)).toBe(bytes.length);
      expect(seen.map((frame) => frame.split(" ")[1])).toEqual([String(last.opcode)]);
    }
  });

  test("shows a frame that is refused by its header, with what has come of it", () => {
    const { seen, watch } = watched({ maxMessageBytes: 100 });
    const bytes = bytesTo("server", { opcode: 0x2, payload: "begun", announcedLength: 5_000n });
    watch.push(bytes, 0, bytes.length);
    expect(seen).toEqual(["in 2 fin masked 5000 begun"]);
  });
});

function watched(limits: { readonly maxMessageBytes?: number } = {}) {
  const seen: string[] = [];
  const receiver = createReceiver(new RecordingSink(), { limits });
  return { seen, watch: new FrameWatch(receiver, (frame) => seen.push(described(frame))) };
}

describe("a connection whose frames are observed", () => {
  test("shows each frame of a message, and what it brings about behind it", async () => {
    const { seen, observer } = recorder();
    const { connection, peer } = await meet({ observer });
    connection.handle({ message: (socket, message) => void socket.write(message) });
    peer.send(text("one ", false), ping("p"), continuation("two"), text("three"), close(1000, "bye"));
    await peer.leave();
    await connection.closed;
    expect(seen).toEqual([
      "in 1 masked 4 one ",
      "in 9 fin masked 1 p",
      "out 10 fin 1 p",
      "in 0 fin masked 3 two",
      "out 1 fin 7 one two",
      "in 1 fin masked 5 three",
      "out 1 fin 5 three",
      "in 8 fin masked 5 \u0003\u00e8bye",
      "out 8 fin 2 \u0003\u00e8",
    ]);
  });
});
