import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/client/index.js";
import type { Connection, Message } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { QueuedBytesBudget } from "../../src/server/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { listening } from "../support/listening.js";
import { meet } from "../support/meeting.js";
import { masked, RawPeer, text } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const quick = { pingIntervalMs: 100, pongTimeoutMs: 100, closeTimeoutMs: 100 };

describe("by the system's clock", { timeout: 20_000 }, () => {
  test("a peer that vanishes, and never answers a ping, is ended", async () => {
    const { peer, connection } = await meet(quick);
    connection.handle({});
    expect(await connection.closed).toMatchObject({ code: 1011, by: "us", error: { code: "ping-timeout" } });
    expect(await peer.hearAll()).toEqual([{ ping: "0" }, { close: 1011, reason: "ping-timeout" }]);
  });

  test("a slow handler's peer is not: it outlives another that has vanished later", async () => {
    const server = await startUpgrader(quick);
    const slow = await RawPeer.join(server.port);
    const connection = await server.accepted();
    const gate = defer<void>();
    const heard: unknown[] = [];
    connection.handle({
      message: async (_, message) => {
        heard.push(message);
        await gate.promise;
      },
    });
    slow.say("work");
    await until(() => heard.length === 1);
    slow.say("more", "and more");
    await until(() => server.sockets[0]?.isPaused() === true);
    await RawPeer.join(server.port);
    const vanished = await server.accepted();
    expect((await vanished.closed).error?.code).toBe("ping-timeout");
    expect(connection.state).toBe("open");
    gate.resolve();
    await until(() => heard.length === 3);
  });

  test("a peer that feeds one byte at a time is ended by the deadline of its message", async () => {
    const { peer, connection } = await meet({ messageTimeoutMs: 200 });
    connection.handle({});
    for (const byte of masked(text("x".repeat(120), false))) {
      peer.raw.write(Uint8Array.of(byte));
      await nextTurn();
    }
    const drip = setInterval(() => peer.raw.write(masked({ opcode: 0, payload: "x", isFinal: false })), 20);
    const said = await peer.leave();
    clearInterval(drip);
    expect(said).toEqual([{ close: 1008, reason: "message-timeout" }]);
    expect((await connection.closed).error?.code).toBe("message-timeout");
  });

  test("serve() takes these options too: idle connections are closed, by the closing handshake", async () => {
    const { port } = await listening({ routes: { "/": { message() {} } }, idleTimeoutMs: 100 });
    const peer = await RawPeer.join(port);
    expect(await peer.hear()).toEqual({ close: 1001, reason: "idle-timeout" });
    peer.close(1001);
    expect(await peer.leave()).toEqual([]);
  });

  test("serve() holds each peer to its rate", async () => {
    const rateLimit = { messagesPerSecond: 5, burstSeconds: 1, whenExceeded: "close" } as const;
    const { port } = await listening({ routes: { "/": { message() {} } }, rateLimit });
    const peer = await RawPeer.join(port);
    peer.say(...Array.from({ length: 26 }, () => "x"));
    expect(await peer.leave()).toEqual([{ close: 1008, reason: "rate-exceeded" }]);
  });

  test("a compressed message counts once, and its deadline runs to its last compressed byte", async () => {
    const rateLimit = { messagesPerSecond: 5, burstSeconds: 1, whenExceeded: "close" } as const;
    const routes = { "/": { message: (socket: Connection, message: Message) => socket.write(message) } };
    const { port } = await listening({ routes, compression: true, rateLimit, messageTimeoutMs: 300 });
    const url = `ws://127.0.0.1:${port}/`;
    const peer = await EchoPeer.connect(url, { perMessageDeflate: { threshold: 0 } });
    for (let i = 0; i < 5; i++) expect(await peer.echo("x".repeat(10_000))).toHaveLength(10_000);
    for (let i = 0; i < 5; i++) peer.send("x".repeat(10_000));
    expect(await peer.closed).toEqual({ code: 1008, reason: "rate-exceeded" });
    const slow = await EchoPeer.connect(url, { perMessageDeflate: { threshold: 0 } });
    slow.socket.send("begun ".repeat(1_000), { fin: false });
    expect(await slow.closed).toEqual({ code: 1008, reason: "message-timeout" });
  });

  test("a client's connection has the same watch: a server that vanishes is given up", async () => {
    const mute = createServer((socket) => {
      socket.once("data", (request: Buffer) => {
        const key = /^sec-websocket-key: (.+)$/im.exec(request.toString("latin1"))?.[1] ?? "";
        const accept = createHash("sha1").update(`${key.trim()}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        socket.write(`${head}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
      });
      socket.on("error", () => {});
    });
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    onTestFinished(() => void mute.close());
    const connection = await connect(`ws://127.0.0.1:${(mute.address() as AddressInfo).port}/`, quick);
    expect(await connection.receive({ timeoutMs: 60_000 })).toBeUndefined();
    expect(await connection.closed).toMatchObject({ code: 1011, by: "us", error: { code: "ping-timeout" } });
  });

  test("many peers that never read, each below its own cap, are held to the budget of all", async () => {
    const queuedBytesBudget = new QueuedBytesBudget(4 * MIB);
    const server = await startUpgrader({ queuedBytesBudget, maxBufferedBytes: Infinity });
    const reading = await RawPeer.join(server.port);
    const alive = await server.accepted();
    reading.raw.discard();
    const ended: unknown[] = [];
    for (let i = 0; i < 20; i++) {
      const peer = await RawPeer.join(server.port);
      peer.raw.stopReading();
      const connection = await server.accepted();
      void connection.closed.then(({ error }) => ended.push(error?.code));
      while (connection.state === "open" && connection.bufferedBytes < 512 * KIB) {
        connection.write(new Uint8Array(64 * KIB));
        await nextTurn();
      }
    }
    // Of 20 times half a MiB, 4 MiB may stay.
    await until(() => ended.length >= 12 && queuedBytesBudget.usedBytes <= 4 * MIB);
    expect(new Set(ended)).toEqual(new Set(["budget-exceeded"]));
    expect(alive.state).toBe("open");
  });
});
