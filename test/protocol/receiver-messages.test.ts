import { describe, expect, test } from "vitest";
import type { MessageTypes } from "../../src/protocol/receive-limits.js";
import type { ReceiverSink } from "../../src/protocol/receiver-sink.js";
import { type FrameSpec, hexBytes } from "./support/frame-bytes.js";
import { bytesTo, createReceiver, receive, receiveChunks, RecordingSink, roles } from "./support/recording-sink.js";

const ping: FrameSpec = { opcode: 0x9, payload: "?" };
const pong: FrameSpec = { opcode: 0xa, payload: "!" };

describe("RFC 6455 §5.4: a receiver joins the fragments of a message", () => {
  for (const role of roles) {
    test(`to a ${role}, empty ones among them`, () => {
      const bytes = bytesTo(
        role,
        { opcode: 0x1, payload: "", isFinal: false },
        { opcode: 0x0, payload: "Hel", isFinal: false },
        { opcode: 0x0, payload: "", isFinal: false },
        { opcode: 0x0, payload: "lo", isFinal: false },
        { opcode: 0x0, payload: "" },
      );
      expect(receive(bytes, { role })).toEqual([{ text: "Hello" }]);
    });

    test(`to a ${role}, all of them empty`, () => {
      const bytes = bytesTo(role, { opcode: 0x2, isFinal: false }, { opcode: 0x0, isFinal: false }, { opcode: 0x0 });
      expect(receive(bytes, { role })).toEqual([{ binary: "" }]);
    });

    test(`to a ${role}, delivering control frames between them at once`, () => {
      const bytes = bytesTo(
        role,
        { opcode: 0x2, payload: "a", isFinal: false },
        ping,
        { opcode: 0x0, payload: "b", isFinal: false },
        pong,
        pong,
        { opcode: 0x0, payload: "c" },
        ping,
      );
      const expected = [{ ping: "3f" }, { pong: "21" }, { pong: "21" }, { binary: "616263" }, { ping: "3f" }];
      expect(receive(bytes, { role })).toEqual(expected);
    });
  }

  test("of the type that the first one names", () => {
    const rest: FrameSpec = { opcode: 0x0, payload: "b" };
    const bytes = bytesTo(
      "server",
      { opcode: 0x1, payload: "a", isFinal: false },
      rest,
      { opcode: 0x2, payload: "a", isFinal: false },
      rest,
      { opcode: 0x1, payload: "c" },
    );
    expect(receive(bytes)).toEqual([{ text: "ab" }, { binary: "6162" }, { text: "c" }]);
  });

  test("RFC 6455 §5.4: and obeys a close frame between two of them", () => {
    const bytes = bytesTo(
      "server",
      { opcode: 0x1, payload: "a", isFinal: false },
      { opcode: 0x8 },
      { opcode: 0x0, payload: "b" },
    );
    expect(receive(bytes)).toEqual([{ close: { code: 1005, reason: "" } }]);
  });
});

describe("RFC 6455 §5.5: a receiver delivers control frames", () => {
  test.each([
    ["ping", 0x9],
    ["pong", 0xa],
  ])("a %s with each length of payload from 0 to 125 bytes, whole or cut anywhere", (kind, opcode) => {
    for (let length = 0; length <= 125; length++) {
      const payload = Uint8Array.from({ length }, (_, index) => 255 - index);
      const bytes = bytesTo("server", { opcode, payload });
      const expected = [{ [kind]: Buffer.from(payload).toString("hex") }];
      expect(receive(bytes)).toEqual(expected);
      for (const cut of [1, 5, 6, 7, 6 + (length >> 1), bytes.length - 1]) {
        expect(receiveChunks([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(expected);
      }
    }
  });

  test("one cut by the end of a chunk between the fragments of a message that is cut too", () => {
    const bytes = bytesTo(
      "server",
      { opcode: 0x2, payload: "abc", isFinal: false },
      { opcode: 0x9, payload: "ping" },
      { opcode: 0x0, payload: "def", isFinal: false },
      { opcode: 0xa, payload: "pong" },
      { opcode: 0x0, payload: "ghi" },
    );
    const expected = [{ ping: "70696e67" }, { pong: "706f6e67" }, { binary: "616263646566676869" }];
    for (let size = 1; size < bytes.length; size++) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
      expect(receiveChunks(chunks)).toEqual(expected);
    }
  });
});

describe("RFC 6455 §5.5.1: a receiver of a close frame", () => {
  test.each([
    ["without a payload", "", { code: 1005, reason: "" }],
    ["with a code", "03e9", { code: 1001, reason: "" }],
    ["with a code and a reason", "0bb8 676f20c3a9", { code: 3000, reason: "go é" }],
  ])("%s reports what it says, whole or in pieces", (_, hex, close) => {
    for (const role of roles) {
      const bytes = bytesTo(role, { opcode: 0x8, payload: hexBytes(hex) });
      expect(receive(bytes, { role })).toEqual([{ close }]);
      expect(
        receiveChunks(
          [...bytes].map((byte) => Uint8Array.of(byte)),
          { role },
        ),
      ).toEqual([{ close }]);
    }
  });

  test("RFC 6455 §1.4: ignores all that follows, right or wrong, in this chunk and later", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    const bytes = bytesTo(
      "server",
      { opcode: 0x8 },
      { opcode: 0x1, payload: "late" },
      { opcode: 0x3 },
      { opcode: 0x8 },
    );
    expect(receiver.push(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(receiver.push(bytes, 6, bytes.length)).toBe(bytes.length);
    expect(sink.received).toEqual([{ close: { code: 1005, reason: "" } }]);
  });
});

describe("RFC 6455 §8.1: a receiver of text", () => {
  test.each([
    ["a character cut between fragments", ["e2", "82", "ac"], "€"],
    ["a character of four bytes cut between fragments", ["61f0", "9f98", "8062"], "a😀b"],
    ["a character cut around an empty fragment", ["e2", "", "82ac"], "€"],
    ["ASCII and then not", ["61", "c3a9"], "aé"],
    ["not ASCII and then ASCII", ["c3a9", "61"], "éa"],
    ["a byte order mark, which stays", ["efbbbf", "61"], "\u{feff}a"],
    ["the highest code point", ["f48f", "bfbf"], "\u{10ffff}"],
    ["noncharacters", ["efbfbe", "efb790"], "\u{fffe}\u{fdd0}"],
    ["NUL", ["00", "00"], "\0\0"],
  ])("takes %s, whatever the chunks", (_, hexFragments, text) => {
    const frames = hexFragments.map((hex, index) => ({
      opcode: index === 0 ? 0x1 : 0x0,
      payload: hexBytes(hex),
      isFinal: index === hexFragments.length - 1,
    }));
    const bytes = bytesTo("server", ...frames, ping);
    expect(receive(bytes)).toEqual([{ text }, { ping: "3f" }]);
    expect(receiveChunks([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([{ text }, { ping: "3f" }]);
  });

  test("says of each message anew whether it is ASCII", () => {
    const flags: boolean[] = [];
    const sink = new RecordingSink();
    sink.text = (_bytes, _start, _end, isAscii) => {
      flags.push(isAscii);
      return true;
    };
    const receiver = createReceiver(sink);
    const bytes = bytesTo(
      "server",
      { opcode: 0x1, payload: "é" },
      { opcode: 0x1, payload: "e" },
      { opcode: 0x1, payload: "é", isFinal: false },
      { opcode: 0x0, payload: "e" },
      { opcode: 0x1, payload: "e", isFinal: false },
      { opcode: 0x0, payload: "" },
      { opcode: 0x1, payload: "" },
    );
    receiver.push(bytes, 0, bytes.length);
    expect(flags).toEqual([false, true, false, true, true]);
  });

  test("lets binary messages hold any bytes", () => {
    const bytes = bytesTo(
      "server",
      { opcode: 0x2, payload: hexBytes("ff"), isFinal: false },
      { opcode: 0x0, payload: hexBytes("c080") },
    );
    expect(receive(bytes)).toEqual([{ binary: "ffc080" }]);
  });
});

describe("a receiver that takes", () => {
  const bytes = bytesTo("server", { opcode: 0x1, payload: "a" }, { opcode: 0x2, payload: "b" }, ping);
  const reversed = bytesTo("server", { opcode: 0x2, payload: "b" }, { opcode: 0x1, payload: "a" });

  test.each<[MessageTypes, unknown, unknown]>([
    ["any", [{ text: "a" }, { binary: "62" }, { ping: "3f" }], [{ binary: "62" }, { text: "a" }]],
    ["text", [{ text: "a" }, { fault: "unsupported-data" }], [{ fault: "unsupported-data" }]],
    ["binary", [{ fault: "unsupported-data" }], [{ binary: "62" }, { fault: "unsupported-data" }]],
  ])("RFC 6455 §7.4.1: %s messages refuses the rest", (messageTypes, expected, expectedOfReversed) => {
    expect(receive(bytes, { messageTypes })).toEqual(expected);
    expect(receive(reversed, { messageTypes })).toEqual(expectedOfReversed);
  });

  test.each<[MessageTypes, number]>([
    ["text", 0x1],
    ["binary", 0x2],
  ])("%s messages only takes their continuations", (messageTypes, opcode) => {
    const fragments = bytesTo("server", { opcode, payload: "a", isFinal: false }, { opcode: 0x0, payload: "b" });
    expect(receive(fragments, { messageTypes })).toEqual([opcode === 0x1 ? { text: "ab" } : { binary: "6162" }]);
  });
});

describe("what a receiver delivers", () => {
  interface Delivery {
    readonly bytes: Uint8Array;
    readonly isOwned: boolean;
  }

  function deliveriesOf(chunks: readonly Uint8Array[]): Delivery[] {
    const deliveries: Delivery[] = [];
    const note = (bytes: Uint8Array, isOwned: boolean): true => {
      deliveries.push({ bytes, isOwned });
      return true;
    };
    const sink: ReceiverSink = Object.assign(new RecordingSink(), {
      text: (bytes: Uint8Array) => note(bytes, false),
      binary: (bytes: Uint8Array, _start: number, _end: number, isOwned: boolean) => note(bytes, isOwned),
    });
    const receiver = createReceiver(sink);
    for (const chunk of chunks) receiver.push(chunk, 0, chunk.length);
    return deliveries;
  }

  test.each([0x1, 0x2])("lies in the chunk, not copied, where the message lies whole in it (opcode %i)", (opcode) => {
    const chunk = bytesTo("server", { opcode, payload: "abc" }, { opcode, payload: "" });
    const deliveries = deliveriesOf([chunk]);
    expect(deliveries).toHaveLength(2);
    for (const { bytes, isOwned } of deliveries) {
      expect(bytes).toBe(chunk);
      expect(isOwned).toBe(false);
    }
  });

  test("lies in the chunk even if the header came with the one before", () => {
    const bytes = bytesTo("server", { opcode: 0x2, payload: "abc" });
    const payload = bytes.slice(6);
    expect(deliveriesOf([bytes.slice(0, 6), payload]).map((delivery) => delivery.bytes)).toEqual([payload]);
  });

  test("is the callee's to keep where a binary message was gathered, of exactly its size", () => {
    const fragments = bytesTo(
      "server",
      { opcode: 0x2, payload: "abc", isFinal: false },
      { opcode: 0x0, payload: "de" },
    );
    const cut = bytesTo("server", { opcode: 0x2, payload: "abcde" });
    for (const chunks of [[fragments], [cut.slice(0, 8), cut.slice(8)]]) {
      const [delivery] = deliveriesOf(chunks);
      expect(delivery!.isOwned).toBe(true);
      expect(Buffer.from(delivery!.bytes).toString()).toBe("abcde");
      expect(delivery!.bytes.buffer.byteLength).toBe(5);
      expect(chunks).not.toContain(delivery!.bytes);
    }
  });

  test("in a gathered message does not change when the chunks are used again", () => {
    const sink = new RecordingSink();
    const kept: Uint8Array[] = [];
    sink.binary = (bytes) => {
      kept.push(bytes);
      return true;
    };
    const receiver = createReceiver(sink);
    const shared = new Uint8Array(8);
    for (const byte of bytesTo("server", { opcode: 0x2, payload: "ab" }, { opcode: 0x2, payload: "cd" })) {
      shared.fill(0xff);
      shared[3] = byte;
      receiver.push(shared, 3, 4);
    }
    expect(kept.map((bytes) => Buffer.from(bytes).toString())).toEqual(["ab", "cd"]);
  });
});

describe("a receiver says whether a message is under way", () => {
  for (const role of roles) {
    test(`to a ${role}: from its first frame's header to its last byte, whatever stands between`, () => {
      const receiver = createReceiver(new RecordingSink(), { role });
      const after = (frame: FrameSpec): boolean => {
        const bytes = bytesTo(role, frame);
        receiver.push(bytes, 0, bytes.length);
        return receiver.isMessageUnderWay;
      };
      expect(receiver.isMessageUnderWay).toBe(false);
      expect(after(ping)).toBe(false);
      expect(after({ opcode: 0x1, payload: "whole" })).toBe(false);
      expect(after({ opcode: 0x1, payload: "", isFinal: false })).toBe(true);
      expect(after(ping)).toBe(true);
      const last = bytesTo(role, { opcode: 0x0, payload: "cut" });
      receiver.push(last, 0, last.length - 1);
      expect(receiver.isMessageUnderWay).toBe(true);
      receiver.push(last, last.length - 1, last.length);
      expect(receiver.isMessageUnderWay).toBe(false);
    });
  }
});
