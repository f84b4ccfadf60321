import { type Socket, connect as connectTcp } from "node:net";
import { describe, expect, test } from "vitest";
import { connect, type ClientConnection } from "../../src/client/index.js";
import { listening } from "../support/listening.js";
import { liveBytes } from "../support/live-bytes.js";

const KIB = 1024;

/** The buffer that the kernel reads into for `socket`, where that is not Node's own. */
function readBufferOf(socket: Socket): unknown {
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === "kBuffer") as symbol;
  return (socket as unknown as Record<symbol, unknown>)[key];
}

describe("clients' connections", () => {
  test("read into one buffer, those that ask for the same size", async () => {
    const { port } = await listening({ routes: { "/": () => {} } });
    const sockets: Socket[] = [];
    const dial = (): Socket => {
      const socket = connectTcp(port, "127.0.0.1");
      sockets.push(socket);
      return socket;
    };
    const url = `ws://127.0.0.1:${port}/`;
    for (const options of [{}, {}, { readBufferSize: 4 * KIB }]) await connect(url, { dial, ...options });
    const [first, second, third] = sockets.map(readBufferOf);
    expect(first).toHaveLength(64 * KIB);
    expect(second).toBe(first);
    expect(third).toHaveLength(4 * KIB);
  });

  test("own no buffers while they are idle, nor what the handshake took", { timeout: 20_000 }, async () => {
    const { port } = await listening({ routes: { "/": { message: (socket, message) => socket.write(message) } } });
    const open = async (count: number): Promise<ClientConnection[]> => {
      const connections = await Promise.all(Array.from({ length: count }, () => connect(`ws://127.0.0.1:${port}/`)));
      await Promise.all(connections.map((each) => each.send("hello")));
      await Promise.all(connections.map((each) => each.receive()));
      return connections;
    };
    const held = await open(50); // what is allocated once
    const before = liveBytes();
    held.push(...(await open(400)));
    // Both ends live in this process: two sockets of Node's and two connections of ours. A buffer would be 64 KiB more.
    expect((liveBytes() - before) / 400).toBeLessThan(24 * KIB);
    expect(held.every((connection) => connection.state === "open")).toBe(true);
  });
});
