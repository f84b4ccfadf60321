import { describe, expect, test } from "vitest";
import { type FrameSpec, frameBytes, hexBytes, joinBytes, MASK_KEY, toHex } from "./support/frame-bytes.js";
import {
  bytesTo,
  createReceiver,
  receive,
  receiveChunks,
  RecordingSink,
  type ReceiverSetup,
  roles,
} from "./support/recording-sink.js";

const UNLIMITED: ReceiverSetup = {
  limits: { maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxFragments: Infinity },
};

/** `length` bytes that differ from their neighbours. */
function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff);
}

describe("RFC 6455 §5.7: a receiver reads the example of", () => {
  test.each([
    ["a single-frame unmasked text message", "client", "81 05 48656c6c6f", [{ text: "Hello" }]],
    ["a single-frame masked text message", "server", "81 85 37fa213d 7f9f4d5158", [{ text: "Hello" }]],
    ["a fragmented unmasked text message", "client", "01 03 48656c 80 02 6c6f", [{ text: "Hello" }]],
    ["an unmasked ping", "client", "89 05 48656c6c6f", [{ ping: "48656c6c6f" }]],
    ["a masked pong", "server", "8a 85 37fa213d 7f9f4d5158", [{ pong: "48656c6c6f" }]],
  ] as const)("%s", (_, role, hex, expected) => {
    expect(receive(hexBytes(hex), { role })).toEqual(expected);
  });

  test("256 bytes binary message in a single unmasked frame", () => {
    const bytes = joinBytes(hexBytes("82 7e 0100"), payloadOf(256));
    expect(receive(bytes, { role: "client" })).toEqual([{ binary: toHex(payloadOf(256)) }]);
  });

  test("64 KiB binary message in a single unmasked frame", () => {
    const bytes = joinBytes(hexBytes("82 7f 0000000000010000"), payloadOf(65536));
    expect(receive(bytes, { role: "client" })).toEqual([{ binary: toHex(payloadOf(65536)) }]);
  });
});

describe("RFC 6455 §5.2: a receiver reads a payload", () => {
  const lengths = [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 257, 65534, 65535, 65536, 65537];

  test.each(lengths)("of %i bytes, whole in one chunk", (length) => {
    for (const role of roles) {
      const bytes = bytesTo(role, { opcode: 0x2, payload: payloadOf(length) }, { opcode: 0x9, payload: "next" });
      expect(receive(bytes, { role })).toEqual([{ binary: toHex(payloadOf(length)) }, { ping: "6e657874" }]);
    }
  });

  test.each(lengths.filter((length) => length < 1000))("of %i bytes, fed one at a time", (length) => {
    for (const role of roles) {
      const bytes = bytesTo(role, { opcode: 0x2, payload: payloadOf(length) }, { opcode: 0x9, payload: "next" });
      const chunks = [...bytes].map((byte) => Uint8Array.of(byte));
      expect(receiveChunks(chunks, { role })).toEqual([{ binary: toHex(payloadOf(length)) }, { ping: "6e657874" }]);
    }
  });

  test.each([2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n])(
    "announced as %i bytes without fault, and without room for what has not come, where nothing is the limit",
    (announcedLength) => {
      const sink = new RecordingSink();
      const receiver = createReceiver(sink, UNLIMITED);
      const start = frameBytes({ opcode: 0x2, payload: "a few bytes", maskKey: MASK_KEY, announcedLength });
      expect(receiver.push(start, 0, start.length)).toBe(start.length);
      expect(sink.received).toEqual([]);
    },
  );
});

describe("RFC 6455 §10.4: a receiver takes what is exactly at the limit", () => {
  test.each([1, 125, 126, 127, 65535, 65536])("of %i bytes a frame", (maxFrameBytes) => {
    const bytes = bytesTo("server", { opcode: 0x2, payload: payloadOf(maxFrameBytes) });
    expect(receive(bytes, { limits: { maxFrameBytes } })).toEqual([{ binary: toHex(payloadOf(maxFrameBytes)) }]);
  });

  test.each([1, 125, 126, 127, 65535, 65536])("of %i bytes a message, in one frame or in two", (maxMessageBytes) => {
    const payload = payloadOf(maxMessageBytes);
    const whole: FrameSpec = { opcode: 0x2, payload };
    const halves: FrameSpec[] = [
      { opcode: 0x2, payload: payload.subarray(0, maxMessageBytes >> 1), isFinal: false },
      { opcode: 0x0, payload: payload.subarray(maxMessageBytes >> 1) },
    ];
    const expected = { binary: toHex(payload) };
    expect(receive(bytesTo("server", whole, ...halves, whole), { limits: { maxMessageBytes } })).toEqual([
      expected,
      expected,
      expected,
    ]);
  });

  test.each([1, 2, 3, 50])("of %i fragments a message, for every message anew", (maxFragments) => {
    const frames = Array.from({ length: maxFragments }, (_, index) => ({
      opcode: index === 0 ? 0x1 : 0x0,
      payload: "x",
      isFinal: index === maxFragments - 1,
    }));
    const expected = { text: "x".repeat(maxFragments) };
    expect(receive(bytesTo("server", ...frames, ...frames), { limits: { maxFragments } })).toEqual([
      expected,
      expected,
    ]);
  });

  test("and counts neither the bytes of control frames nor the frames themselves", () => {
    const bytes = bytesTo(
      "server",
      { opcode: 0x1, payload: "a", isFinal: false },
      { opcode: 0x9, payload: payloadOf(125) },
      { opcode: 0xa, payload: payloadOf(125) },
      { opcode: 0x0, payload: "b" },
    );
    const limits = { maxFrameBytes: 1, maxMessageBytes: 2, maxFragments: 2 };
    const control = toHex(payloadOf(125));
    expect(receive(bytes, { limits })).toEqual([{ ping: control }, { pong: control }, { text: "ab" }]);
  });

  test("and, where the limits are Infinity, any number of fragments", () => {
    const empty: FrameSpec = { opcode: 0x0, isFinal: false };
    const frames = Array.from({ length: 20_000 }, () => empty);
    const bytes = bytesTo("server", { opcode: 0x1, isFinal: false }, ...frames, { opcode: 0x0, payload: "end" });
    expect(receive(bytes, UNLIMITED)).toEqual([{ text: "end" }]);
  });
});

describe("a receiver whose header is cut by the end of a chunk", () => {
  const spec: FrameSpec = { opcode: 0x2, payload: payloadOf(65536) };

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])("after %i of its 14 bytes reads the same", (cut) => {
    const bytes = bytesTo("server", spec);
    const chunks = [bytes.slice(0, cut), bytes.slice(cut)];
    expect(receiveChunks(chunks)).toEqual([{ binary: toHex(payloadOf(65536)) }]);
  });

  test("reads no byte beyond those that have come", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    // What stands after the end of the chunk, and what an earlier header left behind, would be the high bit of a length.
    const earlier = bytesTo("server", { opcode: 0x2, payload: "a", maskKey: [0xff, 0xff, 0xff, 0xff] });
    for (const byte of earlier) receiver.push(Uint8Array.of(byte), 0, 1);
    const later = bytesTo("server", spec);
    const chunk = joinBytes(later.subarray(0, 2), hexBytes("ffffffffffffffff"));
    expect(receiver.push(chunk, 0, 1)).toBe(1);
    expect(receiver.push(chunk, 1, 2)).toBe(2);
    receiver.push(later, 2, later.length);
    expect(sink.received).toEqual([{ binary: "61" }, { binary: toHex(payloadOf(65536)) }]);
  });

  test("touches no byte of the chunks that hold it but those of the payload", () => {
    const bytes = bytesTo("server", { opcode: 0x2, payload: "abc" }, { opcode: 0x9, payload: "d" });
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    const chunk = bytes.slice();
    receiver.push(chunk, 0, 3);
    receiver.push(chunk, 3, 9);
    expect(toHex(chunk, 0, 6)).toBe(toHex(bytes, 0, 6));
    expect(toHex(chunk, 9)).toBe(toHex(bytes, 9));
    expect(sink.received).toEqual([{ binary: "616263" }]);
  });

  test("takes a short frame of which more than a header's length is there at once", () => {
    const bytes = bytesTo("server", { opcode: 0x1, payload: "a" }, { opcode: 0x1, payload: "b" }, { opcode: 0x1 });
    const chunks = [bytes.slice(0, 1), bytes.slice(1)];
    expect(receiveChunks(chunks)).toEqual([{ text: "a" }, { text: "b" }, { text: "" }]);
  });
});

describe("a receiver", () => {
  test("takes only the part of the chunk that it was given", () => {
    const sink = new RecordingSink();
    const frame = bytesTo("server", { opcode: 0x1, payload: "a" });
    const chunk = joinBytes(hexBytes("ff"), frame, hexBytes("ff"));
    expect(createReceiver(sink).push(chunk, 1, 1 + frame.length)).toBe(1 + frame.length);
    expect(sink.received).toEqual([{ text: "a" }]);
  });

  test("takes an empty chunk at any point", () => {
    const bytes = bytesTo("server", { opcode: 0x1, payload: "ab" });
    const chunks = [...bytes].flatMap((byte) => [new Uint8Array(0), Uint8Array.of(byte), new Uint8Array(0)]);
    expect(receiveChunks(chunks)).toEqual([{ text: "ab" }]);
  });

  test("ignores every byte after end(), called between chunks", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    const bytes = bytesTo("server", { opcode: 0x1, payload: "a" }, { opcode: 0x3 });
    receiver.push(bytes.slice(), 0, 6);
    receiver.end();
    expect(receiver.push(bytes.slice(), 6, bytes.length)).toBe(bytes.length);
    expect(sink.received).toEqual([]);
  });

  test.each([
    [0x1, { text: "a" }],
    [0x2, { binary: "61" }],
    [0x9, { ping: "61" }],
    [0xa, { pong: "61" }],
  ])("ignores every byte after end(), called by the sink while it gets a frame (opcode %i)", (opcode, expected) => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink);
    sink.onCall = () => receiver.end();
    const bytes = bytesTo("server", { opcode, payload: "a" }, { opcode, payload: "b" }, { opcode: 0x3 });
    expect(receiver.push(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(sink.received).toEqual([expected]);
  });
});
