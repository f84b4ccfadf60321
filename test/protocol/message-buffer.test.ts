import { MAX_HEADER_BYTES } from "../../src/protocol/frame-header.js";
import { describe, expect, test } from "vitest";
import { MessageBuffer } from "../../src/protocol/message-buffer.js";
import { bytesAllocatedBy } from "./support/allocations.js";
import { frameBytes, hexBytes, MASK_KEY } from "./support/frame-bytes.js";
import { createReceiver, RecordingSink, type ReceiverSetup } from "./support/recording-sink.js";

const KIB = 1024;

function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 7);
}

/** Appends `payload` in pieces of `size`; `atMost` of each as if the rest of the payload had been announced. */
function append(buffer: MessageBuffer, payload: Uint8Array, size: number): void {
  for (let at = 0; at < payload.length; at += size) {
    buffer.append(payload, at, Math.min(at + size, payload.length), payload.length - at, payload.length - at);
  }
}

describe("a message buffer", () => {
  test("hands over what was appended, in order, in a buffer of exactly its size", () => {
    for (const [length, size] of [
      [1, 1],
      [100, 7],
      [16 * KIB, 1000],
      [16 * KIB + 1, 16 * KIB],
      [200 * KIB, 3000],
    ] as const) {
      const buffer = new MessageBuffer();
      append(buffer, payloadOf(length), size);
      const message = buffer.take();
      expect(Buffer.compare(message, payloadOf(length)), `${length} bytes in pieces of ${size}`).toBe(0);
      expect(message.buffer.byteLength).toBe(length);
    }
  });

  test("hands over an exact size where more was announced than came", () => {
    const buffer = new MessageBuffer();
    buffer.append(payloadOf(100), 10, 20, 90, Infinity);
    buffer.append(payloadOf(100), 50, 51, 1, Infinity);
    const message = buffer.take();
    expect([...message]).toEqual([...payloadOf(100).subarray(10, 20), payloadOf(51)[50]]);
    expect(message.buffer.byteLength).toBe(11);
  });

  test("knows its length and begins anew after each message", () => {
    const buffer = new MessageBuffer();
    expect(buffer.length).toBe(0);
    expect(buffer.take()).toEqual(new Uint8Array(0));
    append(buffer, payloadOf(10), 3);
    expect(buffer.length).toBe(10);
    const first = buffer.take();
    expect(buffer.length).toBe(0);
    append(buffer, new Uint8Array(10), 3);
    expect(first).toEqual(payloadOf(10));
    expect(buffer.take()).toEqual(new Uint8Array(10));
  });

  test("keeps a copy: a piece may change once it was appended", () => {
    const buffer = new MessageBuffer();
    const piece = payloadOf(4);
    buffer.append(piece, 0, 4, 4, 4);
    piece.fill(0);
    expect(buffer.take()).toEqual(payloadOf(4));
  });
});

describe("the room of a message buffer", () => {
  function fillable(): MessageBuffer {
    const buffer = new MessageBuffer();
    buffer.append(payloadOf(10), 0, 10, 100, 100);
    return buffer;
  }

  test("takes what is put there before it is appended", () => {
    const buffer = fillable();
    const room = buffer.room(90);
    expect(room.length).toBe(90);
    room.set(payloadOf(100).subarray(10));
    buffer.append(room, 0, 40, 90, 90);
    expect(buffer.room(20)).toEqual(payloadOf(70).subarray(50));
    buffer.append(buffer.room(50), 0, 50, 50, 50);
    expect(buffer.room(1).length).toBe(0);
    expect(buffer.take()).toEqual(payloadOf(100));
  });

  test("is no more than there is, or than is asked for", () => {
    const buffer = fillable();
    expect([buffer.room(1_000).length, buffer.room(7).length]).toEqual([90, 7]);
    expect(new MessageBuffer().room(1_000).length).toBe(0);
  });

  test("is taken like any other bytes from another place, its own memory too", () => {
    const buffer = fillable();
    const room = buffer.room(90);
    room.set(payloadOf(90));
    buffer.append(room, 5, 25, 90, 90);
    expect(buffer.room(0).byteOffset).toBe(30);
    buffer.append(Uint8Array.from(payloadOf(70)), 0, 70, 70, 70);
    expect(buffer.take()).toEqual(Uint8Array.from([...payloadOf(10), ...payloadOf(25).subarray(5), ...payloadOf(70)]));
  });
});

describe("a message buffer allocates", () => {
  const piece = payloadOf(10);

  test.each([2 ** 20, 2 ** 31, 2 ** 53, Infinity])("16 KiB for the first byte where %d are announced", (announced) => {
    const buffer = new MessageBuffer();
    expect(bytesAllocatedBy(() => buffer.append(piece, 0, 1, announced, announced))).toBe(16 * KIB);
  });

  test("no more than is announced", () => {
    const buffer = new MessageBuffer();
    expect(bytesAllocatedBy(() => buffer.append(piece, 0, 1, 50, 50))).toBe(50);
  });

  test("no more than 32 times what has come, however much is announced", () => {
    const buffer = new MessageBuffer();
    const half = new Uint8Array(32 * KIB);
    expect(bytesAllocatedBy(() => buffer.append(half, 0, half.length, 2 ** 31, 2 ** 31))).toBe(32 * half.length);
    const rest = new Uint8Array(31 * half.length);
    expect(bytesAllocatedBy(() => append(buffer, rest, half.length))).toBe(0);
    expect(bytesAllocatedBy(() => buffer.append(half, 0, half.length, 2 ** 31, 2 ** 31))).toBe(32 * 33 * half.length);
  });

  test("nothing ahead of what nobody has announced", () => {
    const buffer = new MessageBuffer();
    const half = new Uint8Array(32 * KIB);
    expect(bytesAllocatedBy(() => buffer.append(half, 0, half.length, half.length, 2 ** 31))).toBe(half.length);
    expect(bytesAllocatedBy(() => buffer.append(half, 0, 1, 1, 2 ** 31))).toBe(2 * half.length);
  });

  test("once for a message of 1 MiB in reads of 64 KiB, the first of which has its header, or of half of that", () => {
    const payload = new Uint8Array(1024 * KIB);
    for (const size of [64 * KIB - MAX_HEADER_BYTES, 32 * KIB]) {
      const buffer = new MessageBuffer();
      expect(bytesAllocatedBy(() => append(buffer, payload, size))).toBe(payload.length);
    }
  });

  test("by what it is given for that, and shows nothing of what was there before", () => {
    const buffer = new MessageBuffer((size) => new Uint8Array(size).fill(0xee));
    append(buffer, payloadOf(20 * KIB), 3 * KIB);
    expect(buffer.take()).toEqual(payloadOf(20 * KIB));
    buffer.append(payloadOf(10), 0, 10, 10, Infinity);
    const short = buffer.take();
    expect([short, short.buffer.byteLength]).toEqual([payloadOf(10), 10]);
  });

  test("nothing for a piece without bytes", () => {
    const buffer = new MessageBuffer();
    expect(bytesAllocatedBy(() => buffer.append(piece, 1, 1, Infinity, Infinity))).toBe(0);
  });

  test("nothing more while there is room, and nothing to hand over what fills it", () => {
    const buffer = new MessageBuffer();
    const allocated = bytesAllocatedBy(() => {
      buffer.append(piece, 0, 5, 10, 10);
      buffer.append(piece, 5, 10, 5, 5);
      buffer.take();
    });
    expect(allocated).toBe(10);
  });

  test.each([1, 16, 1000, 64 * KIB])("in the sum less than three times a message of 1 MiB in pieces of %i", (size) => {
    const buffer = new MessageBuffer();
    const payload = new Uint8Array(1024 * KIB);
    expect(bytesAllocatedBy(() => append(buffer, payload, size))).toBeLessThan(3 * payload.length);
    expect(buffer.take().length).toBe(payload.length);
  });
});

describe("RFC 6455 §10.4: what a peer makes a receiver allocate", () => {
  const NO_LIMITS: ReceiverSetup = {
    limits: { maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxFragments: Infinity },
  };

  function allocatedFor(frames: readonly Uint8Array[], setup: ReceiverSetup): number {
    const sink = new RecordingSink();
    sink.binary = () => true;
    const receiver = createReceiver(sink, setup);
    return bytesAllocatedBy(() => {
      for (const frame of frames) receiver.push(frame, 0, frame.length);
    });
  }

  test.each([65_536n, 2n ** 31n, 2n ** 62n])(
    "follows what came, not the %d bytes that it announced",
    (announcedLength) => {
      const start = frameBytes({ opcode: 0x2, payload: "x", maskKey: MASK_KEY, announcedLength });
      expect(allocatedFor([start], NO_LIMITS)).toBe(16 * KIB);
    },
  );

  test("is no more than the message for one that is cut once", () => {
    const frame = frameBytes({ opcode: 0x2, payload: payloadOf(5000), maskKey: MASK_KEY });
    expect(allocatedFor([frame.slice(0, 1000), frame.slice(1000)], {})).toBe(5000);
  });

  test("is in proportion to a message in tiny fragments, not to its square", () => {
    const count = 20_000;
    const fragments = Array.from({ length: count }, (_, index) =>
      frameBytes({
        opcode: index === 0 ? 0x2 : 0x0,
        payload: "xyz",
        isFinal: index === count - 1,
        maskKey: MASK_KEY,
      }),
    );
    const messageBytes = 3 * count;
    expect(allocatedFor(fragments, { limits: { maxFragments: Infinity } })).toBeLessThan(4 * messageBytes);
  });

  test("by fragments never exceeds the limit of a message for one buffer", () => {
    const fragment = frameBytes({ opcode: 0x2, payload: "xyz", isFinal: false, maskKey: MASK_KEY });
    expect(allocatedFor([fragment], { limits: { maxMessageBytes: 100 } })).toBe(100);
    const next = frameBytes({ opcode: 0x0, payload: new Uint8Array(90), isFinal: false, maskKey: MASK_KEY });
    expect(allocatedFor([fragment, next], { limits: { maxMessageBytes: 100 } })).toBe(100);

    const first = frameBytes({ opcode: 0x2, payload: new Uint8Array(16 * KIB), isFinal: false, maskKey: MASK_KEY });
    const limits = { maxMessageBytes: 20 * KIB };
    expect(allocatedFor([first, fragment.with(0, 0x00)], { limits })).toBe(16 * KIB + 20 * KIB);
  });

  test.each([0x9, 0xa, 0x8])(
    "is no more than a header and the payload for a control frame that is cut (opcode %i)",
    (opcode) => {
      const frame = frameBytes({ opcode, payload: hexBytes("03e8 61 62 63"), maskKey: MASK_KEY });
      const sink = new RecordingSink();
      Object.assign(sink, { ping: () => {}, pong: () => {} });
      const receiver = createReceiver(sink);
      const allocated = bytesAllocatedBy(() => {
        for (let at = 0; at < frame.length; at++) receiver.push(frame, at, at + 1);
      });
      expect(allocated).toBe(MAX_HEADER_BYTES + 5);
    },
  );

  test("is nothing for empty fragments, however many come", () => {
    const first = frameBytes({ opcode: 0x2, isFinal: false, maskKey: MASK_KEY });
    const next = frameBytes({ opcode: 0x0, isFinal: false, maskKey: MASK_KEY });
    expect(allocatedFor([first, ...Array.from({ length: 5000 }, () => next)], NO_LIMITS)).toBe(0);
  });

  test("is nothing for messages and control frames that lie whole in the chunk", () => {
    const frames = [0x2, 0x9, 0xa].map((opcode) => frameBytes({ opcode, payload: "abc", maskKey: MASK_KEY }));
    const sink = new RecordingSink();
    Object.assign(sink, { binary: () => true, ping: () => {}, pong: () => {} });
    const receiver = createReceiver(sink);
    const allocated = bytesAllocatedBy(() => {
      for (const frame of frames) receiver.push(frame, 0, frame.length);
    });
    expect(allocated).toBe(0);
  });
});
