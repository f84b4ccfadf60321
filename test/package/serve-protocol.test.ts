import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { faults, type FaultCode } from "../../src/protocol/index.js";
import { provocations } from "../protocol/support/provocations.js";
import { startServe } from "../support/halyard-process.js";
import { binary, close, continuation, type PeerOptions, ping, RawPeer, text } from "../support/raw-peer.js";
import type { Said } from "../support/server-frame.js";

/** Each test starts a process, on a machine that may be busy; `npm run test:runtimes` runs them on other runtimes too. */
const patience = { timeout: 30_000 };

const CROWD = 500;
const KIB = 1024;

/** What a client may do wrong to a server with the limits that all have by default. */
const violations = Object.entries(provocations).flatMap(([fault, list]) =>
  list
    .filter(({ setup, only }) => setup === undefined && only !== "client")
    .map((each) => ({ ...each, reason: fault, code: faults[fault as FaultCode].closeCode })),
);

/** A right request; over loopback the server answers to its own names only. */
const request = { path: "/echo", headers: { Host: "localhost" } };

async function join(port: number): Promise<RawPeer> {
  return await RawPeer.join(port, request);
}

/** The echo of a message by the `ws` package, and the extensions that were agreed on. */
async function echoByWs(url: string, message: string): Promise<{ echo: string; extensions: string }> {
  const socket = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
  const echo = await new Promise<string>((resolve, reject) => {
    socket.on("error", reject).on("message", (data: Buffer) => resolve(data.toString()));
    socket.on("open", () => socket.send(message));
  });
  socket.terminate();
  return { echo, extensions: socket.extensions };
}

describe("the built server, as bytes see it", patience, () => {
  test("closes for each violation of RFC 6455 with the code for it, and lives on", async () => {
    const { port } = await startServe("--quiet");
    const heard: unknown[] = [];
    for (const { what, before = [], bad } of violations) {
      const peer = await join(port);
      peer.send(...before, bad, text("and what follows is ignored"));
      heard.push({ what, said: (await peer.leave()).at(-1) });
    }
    expect(heard).toEqual(violations.map(({ what, code, reason }) => ({ what, said: { close: code, reason } })));
    const next = await join(port);
    next.say("still there?");
    expect(await next.hear()).toEqual({ text: "still there?" });
  });

  test("echoes every length form, in fragments or not, also one byte at a time, with pings between", async () => {
    const { port } = await startServe("--quiet");
    const peer = await join(port);
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 600_000]) {
      peer.send(text("x".repeat(length)), binary(Buffer.alloc(length, 7)));
      expect(await peer.hear()).toEqual({ text: "x".repeat(length) });
      expect(await peer.hear()).toEqual({ binary: Buffer.alloc(length, 7).toString("hex") });
    }
    const frames = [text("héllo ", false), ping("now"), continuation("wör", false), continuation("ld 世界")];
    await peer.raw.drip(Buffer.concat(frames.map((frame) => peer.bytesOf(frame))));
    expect(await peer.hear()).toEqual({ pong: "now" });
    expect(await peer.hear()).toEqual({ text: "héllo wörld 世界" });
  });

  test("answers a close frame, whatever code it may have, and ends the connection", async () => {
    const { port } = await startServe("--quiet");
    const answers: Said[][] = [];
    for (const frame of [close(), close(1000), close(1001, "gone"), close(3000), close(4999, "x".repeat(123))]) {
      const peer = await join(port);
      peer.send(text("last"), frame, text("ignored"));
      answers.push(await peer.leave());
    }
    const echo: Said = { text: "last" };
    expect(answers).toEqual([
      [echo, { close: undefined, reason: "" }],
      ...[1000, 1001, 3000, 4999].map((code) => [echo, { close: code, reason: "" }]),
    ]);
  });

  test("refuses what is no handshake, with the status that says why", async () => {
    const { port } = await startServe("--quiet");
    const statusOf = async ({ headers, ...change }: PeerOptions): Promise<number | undefined> => {
      const { response } = await RawPeer.ask(port, {
        ...request,
        ...change,
        headers: { ...request.headers, ...headers },
      });
      return response?.status;
    };
    expect(await statusOf({ path: "/nowhere" })).toBe(404);
    expect(await statusOf({ method: "POST" })).toBe(405);
    expect(await statusOf({ headers: { "Sec-WebSocket-Version": "8" } })).toBe(426);
    expect(await statusOf({ headers: { "Sec-WebSocket-Key": undefined } })).toBe(400);
    expect(await statusOf({ headers: { "Sec-WebSocket-Key": "short" } })).toBe(400);
    expect(await statusOf({ headers: { Origin: "http://elsewhere.example" } })).toBe(403);
    expect(await statusOf({ headers: { "Sec-WebSocket-Protocol": "a, b c" } })).toBe(400);
    expect(await statusOf({})).toBe(101);
  });

  test("takes messages that come with the handshake, in the same packet", async () => {
    const { port } = await startServe("--quiet");
    const peer = await RawPeer.join(port, { ...request, together: [text("0"), text("1")] });
    expect([await peer.hear(), await peer.hear()]).toEqual([{ text: "0" }, { text: "1" }]);
  });

  test("compresses for who can, with a context or without", async () => {
    const { echoUrl } = await startServe("--quiet", "--compression");
    for (const message of ["a", "x".repeat(300 * KIB), JSON.stringify({ text: "世界 ".repeat(500) })]) {
      const { echo, extensions } = await echoByWs(echoUrl, message);
      expect(echo === message).toBe(true);
      expect(extensions).toBe("permessage-deflate");
    }
  });

  test(`serves ${CROWD} clients at once, and closes all of them when it is told to stop`, async () => {
    const { port, process } = await startServe("--quiet");
    const peers = await Promise.all(Array.from({ length: CROWD }, () => join(port)));
    for (const [i, peer] of peers.entries()) peer.say(`I am ${i}`);
    expect(await Promise.all(peers.map((peer) => peer.hear()))).toEqual(peers.map((_, i) => ({ text: `I am ${i}` })));
    process.signal("SIGTERM");
    const farewells = peers.map(async (peer) => {
      const said = await peer.hear();
      peer.close(1001);
      await peer.leave();
      return said;
    });
    expect(new Set((await Promise.all(farewells)).map((said) => JSON.stringify(said)))).toEqual(
      new Set([JSON.stringify({ close: 1001, reason: "the server is stopping" })]),
    );
    expect(await process.exited).toMatchObject({ code: 0 });
    expect(process.stdout).toContain(`stopped: ${CROWD} closed, 0 terminated`);
  });
});
