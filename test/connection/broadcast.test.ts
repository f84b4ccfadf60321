import { describe, expect, test } from "vitest";
import { broadcast, type Connection, type Message, prepare, type WholeMessage } from "../../src/connection/index.js";
import { meet } from "../support/meeting.js";
import { RawPeer } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;

/** A server with several peers. */
async function crowd(count: number, options: Parameters<typeof meet>[0] = {}) {
  const { server, peer, connection } = await meet(options);
  const peers = [peer];
  const connections: Connection[] = [connection];
  for (let i = 1; i < count; i++) {
    peers.push(await RawPeer.join(server.port));
    connections.push(await server.accepted());
  }
  return { peers, connections };
}

const said = (message: Message): unknown =>
  typeof message === "string" ? { text: message } : { binary: Buffer.from(message).toString("hex") };

describe("prepare()", () => {
  test.each<[string, Message]>([
    ["a short text", "⚓ ahoy"],
    ["an empty text", ""],
    ["bytes", Uint8Array.of(1, 2, 3)],
    ["a long text, which is shared and not copied", "x".repeat(40_000)],
    ["a text of 64 KiB and more", "é".repeat(50_000)],
  ])("makes %s a message that any number of connections can send, among others in order", async (_, message) => {
    const { peers, connections } = await crowd(3);
    const prepared = prepare(message);
    for (const connection of connections) {
      void connection.send("before");
      await connection.send(prepared);
      connection.write(prepared);
      await connection.send("after");
    }
    for (const peer of peers) {
      expect(await peer.hear()).toEqual({ text: "before" });
      expect(await peer.hear()).toEqual(said(message));
      expect(await peer.hear()).toEqual(said(message));
      expect(await peer.hear()).toEqual({ text: "after" });
    }
  });

  test("takes a copy: what it was made from may change", async () => {
    const { peer, connection } = await meet();
    const bytes = Buffer.alloc(40_000, 1);
    const prepared = prepare(bytes);
    bytes.fill(2);
    await connection.send(prepared);
    expect(await peer.hear()).toEqual(said(Buffer.alloc(40_000, 1)));
  });

  test("encodes once: every connection is given the same memory", () => {
    const prepared = prepare("hello");
    expect(prepared.frame).toBe(prepared.frame);
    expect(Buffer.from(prepared.frame).toString("latin1")).toBe("\x81\x05hello");
  });

  test("throws a TypeError for what cannot be sent, and for what would have to be read first", () => {
    for (const message of [5, null, undefined, {}, new Blob(["a"])]) {
      expect(() => prepare(message as WholeMessage)).toThrow(TypeError);
    }
  });
});

describe("broadcast()", () => {
  test("sends to all, and says to how many", async () => {
    const { peers, connections } = await crowd(3);
    expect(broadcast(connections, "to all")).toEqual({ sent: 3, skipped: 0, slow: 0 });
    expect(broadcast(connections, prepare(Uint8Array.of(9)))).toEqual({ sent: 3, skipped: 0, slow: 0 });
    for (const peer of peers) {
      expect(await peer.hear()).toEqual({ text: "to all" });
      expect(await peer.hear()).toEqual({ binary: "09" });
    }
  });

  test("skips those that are closing or closed", async () => {
    const { peers, connections } = await crowd(3);
    void connections[0]?.close();
    connections[1]?.terminate();
    await connections[1]?.closed;
    expect(broadcast(connections, "hello")).toEqual({ sent: 1, skipped: 2, slow: 0 });
    expect(await peers[2]?.hear()).toEqual({ text: "hello" });
    peers[0]?.close(1000);
  });

  test("is delayed by nobody: one that does not read is counted as slow, and cut off at its cap", async () => {
    const { peers, connections } = await crowd(2, { highWaterMark: 64 * KIB, maxBufferedBytes: 1024 * KIB });
    const [slow, quick] = connections as [Connection, Connection];
    peers[0]?.raw.stopReading();
    peers[1]?.raw.discard();
    const message = prepare(new Uint8Array(16 * KIB));
    let wasSlow = false;
    while (slow.state === "open") {
      const report = broadcast(connections, message);
      wasSlow ||= report.sent === 2 && report.slow === 1;
      await nextTurn();
    }
    expect(wasSlow).toBe(true);
    expect(await slow.closed).toMatchObject({ code: 1008, error: { code: "send-buffer-full" } });
    await until(() => quick.bufferedBytes === 0);
    expect(broadcast(connections, message)).toMatchObject({ sent: 1, skipped: 1 });
  });

  test("throws a TypeError for what cannot be sent, also to nobody", () => {
    expect(() => broadcast([], 5 as never)).toThrow(TypeError);
  });
});
