import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { BroadcastLoad } from "../../bench/src/generator/broadcast-load.js";
import { EchoLoad } from "../../bench/src/generator/echo-load.js";
import { HandshakeLoad } from "../../bench/src/generator/handshake-load.js";
import type { OpenCommand } from "../../bench/src/generator/settings.js";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function startServer(onConnection: (socket: WebSocket, path: string) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  server.on("connection", (socket, request) => {
    // A client that resets its connection is no fault of the server's.
    socket.on("error", () => {});
    onConnection(socket, request.url ?? "");
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const command = (port: number, more: Partial<OpenCommand>): OpenCommand => ({
  kind: "open",
  mode: "echo",
  port,
  path: "/broadcast",
  subscribe: "/subscribe",
  payload: "ascii",
  payloadBytes: 64,
  connections: 5,
  inFlight: 3,
  ...more,
});

describe("BroadcastLoad", () => {
  /** A server that does something with the subscribers when a message comes. */
  async function openLoad(
    onPublish: (subscribers: readonly WebSocket[], data: Buffer) => void,
  ): Promise<BroadcastLoad> {
    const subscribers: WebSocket[] = [];
    const port = await startServer((socket, path) => {
      if (path === "/subscribe") subscribers.push(socket);
      else socket.on("message", (data: Buffer) => onPublish(subscribers, data));
    });
    const load = new BroadcastLoad(command(port, { mode: "broadcast" }));
    cleanUps.push(() => load.close());
    await load.open();
    return load;
  }

  it("counts what every subscriber was delivered", async () => {
    const load = await openLoad((subscribers, data) => {
      for (const subscriber of subscribers) subscriber.send(data, { binary: false });
    });
    const first = await load.run(30);
    const second = await load.run(30);
    expect(first.messages).toBeGreaterThanOrEqual(5 * 3);
    expect(first.messages % 5).toBe(0);
    expect(second.messages % 5).toBe(0);
    expect(first.latency.p50Us).toBeGreaterThan(0);
  });

  it("fails when a subscriber leaves", async () => {
    const load = await openLoad((subscribers) => subscribers[2]?.terminate());
    await expect(load.run(5000)).rejects.toThrow(/closed|ECONNRESET/);
  });
});

describe("HandshakeLoad", () => {
  it("counts the connections that were opened and closed", async () => {
    let opened = 0;
    const port = await startServer(() => opened++);
    const { messages } = await new HandshakeLoad(command(port, { mode: "handshakes" })).run(30);
    expect(messages).toBeGreaterThanOrEqual(5);
    expect(messages).toBe(opened);
  });
});

describe("EchoLoad at a rate", () => {
  it("sends as many as are due, and counts latency from then", async () => {
    const port = await startServer((socket) => {
      socket.on("message", (data: Buffer) => socket.send(data, { binary: false }));
    });
    const load = new EchoLoad(command(port, {}));
    cleanUps.push(() => load.close());
    await load.open({ port, path: "/" });
    const { messages, latency } = await load.run(50, 2000);
    expect(messages).toBe(100);
    expect(latency.maxUs).toBeGreaterThanOrEqual(latency.p50Us);
  });

  it("answers a ping that comes between two messages", async () => {
    const pongs: string[] = [];
    const port = await startServer((socket) => {
      socket.on("pong", (data) => pongs.push(data.toString()));
      socket.on("message", (data: Buffer) => {
        socket.ping("are you there");
        socket.send(data, { binary: false });
      });
    });
    const load = new EchoLoad(command(port, { connections: 1, inFlight: 1 }));
    cleanUps.push(() => load.close());
    await load.open({ port, path: "/" });
    while (pongs.length === 0) await load.run(5);
    expect(pongs[0]).toBe("are you there");
  });
});
