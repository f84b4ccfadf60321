import { describe, expect, it } from "vitest";
import { MessageRing } from "../../bench/src/generator/message-ring.js";

const text16 = { payload: "ascii", payloadBytes: 64, inFlight: 16 } as const;
const requestBytes = 2 + 4 + 64;

/** The echoes of masked 64-byte requests, by the book: the mask taken off, the header without its mask bit. */
function echoesOf(requests: Uint8Array): Buffer {
  const echoes: Uint8Array[] = [];
  for (let at = 0; at < requests.length; at += requestBytes) {
    const maskKey = requests.subarray(at + 2, at + 6);
    const payload = requests.subarray(at + 6, at + requestBytes).map((byte, index) => byte ^ maskKey[index % 4]!);
    echoes.push(Uint8Array.of(requests[at]!, requests[at + 1]! & 0x7f), payload);
  }
  return Buffer.concat(echoes);
}

describe("MessageRing", () => {
  it("expects, in the order of sending, the echo of every message", () => {
    const ring = new MessageRing(text16);
    expect(echoesOf(ring.take(16))).toEqual(ring.replies);
  });

  it("hands out the same sequence however it is cut, across the end of the ring too", () => {
    const ring = new MessageRing(text16);
    const cuts = [1, 2, 16, 5, 7, 1, 16, 16];
    const sent = Buffer.concat(cuts.map((count) => ring.take(count)));
    const expected = Buffer.concat([ring.replies, ring.replies, ring.replies, ring.replies]);
    expect(sent.length).toBe(64 * requestBytes);
    expect(echoesOf(sent)).toEqual(expected);
  });

  it("sends different messages", () => {
    const { replies, replyBytes, size } = new MessageRing(text16);
    const contents = Array.from({ length: size }, (_, frame) =>
      replies.toString("latin1", frame * replyBytes, (frame + 1) * replyBytes),
    );
    expect(new Set(contents).size).toBe(size);
  });

  it("fills text with printable ASCII", () => {
    const { replies } = new MessageRing({ payload: "ascii", payloadBytes: 5000, inFlight: 1 });
    expect(replies.toString("latin1", 4, 5004)).toMatch(/^[ -~]{5000}$/);
  });

  it("fills Chinese text with whole characters, up to the last byte", () => {
    const { replies } = new MessageRing({ payload: "chinese", payloadBytes: 101, inFlight: 1 });
    const text = new TextDecoder("utf-8", { fatal: true }).decode(replies.subarray(2, 103));
    expect(text).toMatch(/^[\u4e00-\u9dff]{33}[ -~]{2}$/u);
  });

  it("reuses the bytes it handed out before", () => {
    const ring = new MessageRing({ payload: "binary", payloadBytes: 8, inFlight: 1 });
    const first = ring.take(1);
    for (let message = 1; message < ring.size; message++) ring.take(1);
    expect(ring.take(1)).toBe(first);
  });

  it.each([0, 17])("refuses to hand out %i messages at 16 in flight", (count) => {
    expect(() => new MessageRing(text16).take(count)).toThrow(RangeError);
  });
});
