import { describe, expect, test } from "vitest";
import { parseHttpResponse } from "../support/http-response.js";
import { listening } from "../support/listening.js";
import { close, continuation, masked, ping, RawPeer, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { upgradeRequest } from "../support/upgrade-request.js";

const start = () =>
  listening({ routes: { "/": { message: (socket, message) => socket.write(message) } }, handshakeTimeoutMs: 10_000 });

describe("a client that sends one byte at a time", () => {
  test("gets through the handshake, a message in fragments, a ping and the close", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    await raw.drip(upgradeRequest());
    expect((await raw.take(parseHttpResponse))?.status).toBe(101);
    const peer = new RawPeer(raw);
    const frames = [text("slow ", false), ping("?"), continuation("but ⚓ steady"), close(4000, "done")];
    await raw.drip(Buffer.concat(frames.map(masked)));
    expect(await peer.leave()).toEqual([{ pong: "?" }, { text: "slow but ⚓ steady" }, { close: 4000, reason: "" }]);
  });

  test("is refused as any other, and reads why", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    await raw.drip(upgradeRequest({ headers: { "Sec-WebSocket-Version": "8" } }));
    expect(await raw.take(parseHttpResponse)).toMatchObject({
      status: 426,
      headers: { "sec-websocket-version": "13" },
    });
  });

  test("breaks the protocol at a byte, and hears of it before it has sent the rest", async () => {
    const { port } = await start();
    const peer = await RawPeer.join(port);
    const frame = masked({ ...text("x".repeat(100)), reservedBits: 4 });
    await peer.raw.drip(frame.subarray(0, 1));
    expect(await peer.hear()).toEqual({ close: 1002, reason: "reserved-bit" });
  });

  test("holds up no other", async () => {
    const { port } = await start();
    const slow = await RawPeer.join(port);
    const dripping = slow.raw.drip(masked(text("x".repeat(300))));
    const quick = await RawPeer.join(port);
    for (let i = 0; i < 50; i++) {
      quick.say(`${i}`);
      expect(await quick.hear()).toEqual({ text: `${i}` });
    }
    await dripping;
    expect(await slow.hear()).toEqual({ text: "x".repeat(300) });
  });
});
