import { expect, onTestFinished, test } from "vitest";
import { connect, socketOf } from "../../src/client/index.js";
import { ReconnectingSocket } from "../../src/reconnecting/index.js";
import { listening } from "../support/listening.js";
import { until } from "../support/turns.js";
import { World } from "../reconnecting/world.js";

const CLIENTS = 1_000;

/** A thousand clients of one real server, each with chance of its own and one clock for all. */
class Crowd extends World {
  override random(): number {
    return Math.random();
  }
}

test("1,000 clients of a server that restarts come back spread over the first delay, not at once", async () => {
  const arrivals: number[] = [];
  const world = new Crowd();
  const routes = { "/": { open: () => void arrivals.push(world.nowMs()) } };
  const server = await listening({ routes });
  const url = `ws://127.0.0.1:${server.port}/`;
  const clients = Array.from(
    { length: CLIENTS },
    () =>
      new ReconnectingSocket(url, {
        open: async (address, { signal }) => socketOf(await connect(address, { signal })),
        environment: world,
        connectTimeoutMs: 0,
        firstDelayMs: 1_000,
      }),
  );
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.close()))));
  await until(() => arrivals.length === CLIENTS && clients.every(({ state }) => state.kind === "open"));

  arrivals.length = 0;
  await server.close({ code: 1012, reason: "restart", deadlineMs: 1_000 });
  await until(() => clients.every(({ state }) => state.kind === "waiting"));
  await listening({ routes, port: server.port });

  // The clock stands still while the clients of a tenth of a second arrive: what is counted is when they chose to come.
  const buckets: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const before = arrivals.length;
    await world.pass(100);
    await until(() => clients.every(({ state }) => state.kind !== "connecting"));
    buckets.push(arrivals.length - before);
  }
  expect(clients.every(({ state }) => state.kind === "open")).toBe(true);
  expect(arrivals.length).toBe(CLIENTS);
  // A tenth of them is 100; more than 190 or fewer than 40 come by chance once in 10^9 runs.
  expect(Math.max(...buckets)).toBeLessThan(190);
  expect(Math.min(...buckets)).toBeGreaterThan(40);
});

test("a client over a connection of halyard/client sends and receives text and bytes, and hears why it was closed", async () => {
  const server = await listening({
    subprotocols: ["chat"],
    routes: {
      "/": {
        message: (socket, message) => {
          if (message === "leave") void socket.close(4500, "left");
          else socket.write(message);
        },
      },
    },
  });
  const socket = new ReconnectingSocket(`ws://127.0.0.1:${server.port}/`, {
    protocols: "chat",
    open: async (url, { protocols, signal }) => socketOf(await connect(url, { subprotocols: [...protocols], signal })),
  });
  socket.send("héllo");
  socket.send(new Uint8Array([1, 2, 3]));
  const received: unknown[] = [];
  for await (const message of socket) {
    received.push(message);
    if (received.length === 2) {
      expect(socket.state).toMatchObject({ kind: "open", protocol: "chat" });
      socket.send("leave");
    }
  }
  expect(received).toEqual(["héllo", new Uint8Array([1, 2, 3]).buffer]);
  expect(socket.state).toEqual({
    kind: "closed",
    reason: { kind: "refused", code: 4500, reason: "left", wasClean: true },
  });
});
