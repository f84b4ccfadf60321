import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FaultCode } from "../../src/protocol/fault.js";
import { type FrameSpec, frameBytes, joinBytes } from "./support/frame-bytes.js";
import { bytesTo, createReceiver, receive, type Received, RecordingSink, roles } from "./support/recording-sink.js";
import { anyTraffic, cutAt } from "./support/traffic.js";

const RSV1 = 4;

/** The first frame of a compressed message; what is in it is nothing to the receiver. */
const compressed = (payload: string, isFinal = true): FrameSpec => ({
  opcode: 0x1,
  payload,
  isFinal,
  reservedBits: RSV1,
});

const hex = (text: string): string => Buffer.from(text).toString("hex");

function faultOf(frames: readonly FrameSpec[], setup: Parameters<typeof receive>[1]): FaultCode | undefined {
  const last = receive(bytesTo(setup?.role ?? "server", ...frames), setup).at(-1);
  return last !== undefined && "fault" in last ? last.fault : undefined;
}

describe.each(roles)("RFC 7692 §6: a receiver that takes compressed messages, as a %s", (role) => {
  const setup = { role, takesCompressed: true };

  test("gives on a message with RSV1 on its first frame as it comes, its text unchecked", () => {
    const frames = [
      compressed("\u00ff", false),
      { opcode: 0x9, payload: "ping" },
      { opcode: 0x0, payload: Uint8Array.of(0xff, 0xfe), isFinal: false },
      { opcode: 0x0, payload: "end" },
    ];
    expect(receive(bytesTo(role, ...frames), setup)).toEqual([
      { begin: "text", isCompressed: true },
      { piece: hex("\u00ff"), isLast: false },
      { ping: hex("ping") },
      { piece: "fffe", isLast: false },
      { piece: hex("end"), isLast: true },
    ]);
  });

  test("gives on a compressed binary message the same way", () => {
    const frames = [
      { ...compressed("a", false), opcode: 0x2 },
      { opcode: 0x0, payload: "b" },
    ];
    expect(receive(bytesTo(role, ...frames), setup)).toEqual([
      { begin: "binary", isCompressed: true },
      { piece: hex("a"), isLast: false },
      { piece: hex("b"), isLast: true },
    ]);
  });

  test("takes a message without RSV1 as ever, also after one with it", () => {
    const plain = { opcode: 0x2, payload: "plain" };
    expect(receive(bytesTo(role, plain, compressed("x"), plain, { opcode: 0x1, payload: "é" }), setup)).toEqual([
      { binary: hex("plain") },
      { begin: "text", isCompressed: true },
      { piece: hex("x"), isLast: true },
      { binary: hex("plain") },
      { text: "é" },
    ]);
  });

  test.each([
    ["a continuation", [compressed("a", false), { opcode: 0x0, payload: "b", reservedBits: RSV1 }]],
    [
      "the continuation of an uncompressed message",
      [
        { opcode: 0x2, isFinal: false },
        { opcode: 0x0, reservedBits: RSV1 },
      ],
    ],
    ["a ping", [{ opcode: 0x9, reservedBits: RSV1 }]],
    ["a pong", [{ opcode: 0xa, reservedBits: RSV1 }]],
    ["a close frame", [{ opcode: 0x8, reservedBits: RSV1 }]],
    ["a first frame that has RSV2 too", [{ opcode: 0x1, reservedBits: RSV1 | 2 }]],
    ["a first frame that has RSV3 too", [{ opcode: 0x2, reservedBits: RSV1 | 1 }]],
  ] satisfies [string, FrameSpec[]][])("refuses RSV1 on %s", (_, frames) => {
    expect(faultOf(frames, setup)).toBe("reserved-bit");
  });

  test("still refuses a new message before the one under way has ended", () => {
    expect(faultOf([compressed("a", false), compressed("b")], setup)).toBe("expected-continuation");
  });

  test.each([
    [100, 165, undefined],
    [100, 166, "message-too-big"],
    [4096, 4164, undefined],
    [4096, 4165, "message-too-big"],
  ] as const)("with a limit of %i bytes takes %i compressed ones: %s", (limit, length, fault) => {
    const payload = "x".repeat(length);
    const limits = { maxMessageBytes: limit, maxFrameBytes: limit };
    expect(faultOf([compressed(payload)], { ...setup, limits })).toBe(fault);
    const halves = [compressed(payload.slice(0, 60), false), { opcode: 0x0, payload: payload.slice(60) }];
    expect(faultOf(halves, { ...setup, limits: { ...limits, maxFrameBytes: 1 << 20 } })).toBe(fault);
  });

  test("holds a compressed frame to maxFrameBytes, and a plain message to its own limit after it", () => {
    const limits = { maxMessageBytes: 1000, maxFrameBytes: 100 };
    expect(faultOf([compressed("x".repeat(165))], { ...setup, limits })).toBeUndefined();
    expect(faultOf([compressed("x".repeat(166))], { ...setup, limits })).toBe("frame-too-big");
    expect(faultOf([compressed("x"), { opcode: 0x2, payload: "x".repeat(101) }], { ...setup, limits })).toBe(
      "frame-too-big",
    );
  });
});

test("RFC 6455 §5.2: a receiver that takes no compressed messages refuses RSV1", () => {
  expect(faultOf([compressed("a")], {})).toBe("reserved-bit");
});

/** What a whole message would have been, put together from its pieces. */
function joinPieces(received: readonly Received[]): Received[] {
  const joined: Received[] = [];
  let kind: "text" | "binary" = "binary";
  let gathered = "";
  for (const call of received) {
    if ("begin" in call) {
      kind = call.begin;
      gathered = "";
    } else if ("piece" in call) {
      gathered += call.piece;
      if (!call.isLast) continue;
      joined.push(kind === "text" ? { text: Buffer.from(gathered, "hex").toString() } : { binary: gathered });
    } else {
      joined.push(call);
    }
  }
  return joined;
}

describe("a receiver that gives pieces", () => {
  function receivePieces(chunks: readonly Uint8Array[]): readonly Received[] {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role: "client" });
    receiver.givesPieces = true;
    for (const chunk of chunks) receiver.push(chunk.slice(), 0, chunk.length);
    return sink.received;
  }

  test("gives the same bytes as one that gives whole messages, whatever the fragments and the split", () => {
    fc.assert(
      fc.property(anyTraffic, fc.array(fc.nat(1000), { maxLength: 12 }), ({ frames, expected }, at) => {
        const received = receivePieces(cutAt(joinBytes(...frames.map(frameBytes)), at));
        expect(joinPieces(received)).toEqual(expected);
        for (const call of received) if ("piece" in call && !call.isLast) expect(call.piece).not.toBe("");
      }),
      { numRuns: 150 },
    );
  });

  test("ends an empty message with an empty piece", () => {
    expect(receivePieces([bytesTo("client", { opcode: 0x1 })])).toEqual([
      { begin: "text", isCompressed: false },
      { piece: "", isLast: true },
    ]);
  });

  test("RFC 6455 §8.1: fails at the first bad byte of a text, whose piece it keeps back", () => {
    const frames = [
      { opcode: 0x1, payload: "good", isFinal: false },
      { opcode: 0x0, payload: Uint8Array.of(0x61, 0xff) },
    ];
    expect(receivePieces([bytesTo("client", ...frames)])).toEqual([
      { begin: "text", isCompressed: false },
      { piece: hex("good"), isLast: false },
      { fault: "invalid-utf8" },
    ]);
  });

  test("holds the message to maxMessageBytes, though it keeps nothing of it", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role: "client", limits: { maxMessageBytes: 8 } });
    receiver.givesPieces = true;
    const bytes = bytesTo(
      "client",
      { opcode: 0x2, payload: "12345", isFinal: false },
      { opcode: 0x0, payload: "6789" },
    );
    receiver.push(bytes, 0, bytes.length);
    expect(receiver.gatheredBytes).toBe(0);
    expect(sink.received.at(-1)).toEqual({ fault: "message-too-big" });
  });

  test("pauses after a piece when the sink asks for it", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role: "client" });
    receiver.givesPieces = true;
    sink.pausing = true;
    const bytes = bytesTo("client", { opcode: 0x2, payload: "ab", isFinal: false }, { opcode: 0x0, payload: "cd" });
    expect(receiver.push(bytes, 0, bytes.length)).toBe(4);
    expect(receiver.push(bytes, 4, bytes.length)).toBe(8);
    expect(sink.received).toHaveLength(3);
  });

  test("asked in the middle of a message, begins with what it had gathered", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role: "client" });
    const bytes = bytesTo("client", { opcode: 0x2, payload: "beforeafter" });
    receiver.push(bytes, 0, 8);
    expect(receiver.gatheredBytes).toBe(6);
    receiver.givesPieces = true;
    expect(receiver.gatheredBytes).toBe(0);
    receiver.push(bytes, 8, bytes.length);
    expect(sink.received).toEqual([
      { begin: "binary", isCompressed: false },
      { piece: hex("before"), isLast: false },
      { piece: hex("after"), isLast: true },
    ]);
  });

  test("asked after the header alone, begins with the first byte that comes", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role: "client" });
    const bytes = bytesTo("client", { opcode: 0x1, payload: "text" });
    receiver.push(bytes, 0, 2);
    receiver.givesPieces = true;
    receiver.givesPieces = true; // once more changes nothing
    receiver.push(bytes, 2, bytes.length);
    expect(sink.received).toEqual([
      { begin: "text", isCompressed: false },
      { piece: hex("text"), isLast: true },
    ]);
  });

  test("told to stop, ends the message under way in pieces and gives the next one whole", () => {
    const sink = new RecordingSink();
    const receiver = createReceiver(sink, { role: "client" });
    receiver.givesPieces = true;
    expect(receiver.givesPieces).toBe(true);
    const bytes = bytesTo("client", { opcode: 0x2, payload: "ab" }, { opcode: 0x2, payload: "cd" });
    receiver.push(bytes, 0, 3);
    receiver.givesPieces = false;
    receiver.push(bytes, 3, bytes.length);
    expect(joinPieces(sink.received)).toEqual([{ binary: hex("ab") }, { binary: hex("cd") }]);
    expect(sink.received.at(-1)).toEqual({ binary: hex("cd") });
  });
});
