import * as fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { broadcast, type Connection, QueuedBytesBudget, serve, type ServeOptions } from "../../src/server/index.js";
import { defer } from "../../src/internal/deferred.js";
import { SpareHalves } from "../../src/connection/spare-halves.js";
import { binary, close, continuation, ping, pong, RawPeer, text } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

async function start(routes: ServeOptions["routes"], options: Partial<ServeOptions> = {}) {
  const server = await serve({ ...options, host: "127.0.0.1", routes });
  onTestFinished(async () => void (await server.close({ deadlineMs: 100 })));
  return server;
}

/** How often halves have been left, and taken by somebody who had left some. */
function watchHalves() {
  const left = vi.spyOn(SpareHalves.prototype, "takeBack");
  const taken = vi.spyOn(SpareHalves.prototype, "inbound");
  onTestFinished(() => {
    left.mockRestore();
    taken.mockRestore();
  });
  return { left, taken };
}

/** Has the connection of `peer` asked whether it may rest: a pong does. */
async function rest(peer: RawPeer, mark: string): Promise<void> {
  peer.send(pong(), ping(mark));
  expect(await peer.hear()).toEqual({ pong: mark });
}

const echo: ServeOptions["routes"] = { "/": { message: (socket, message) => socket.write(message) } };
const loop: ServeOptions["routes"] = {
  "/": async (socket) => {
    for await (const message of socket) await socket.send(message);
  },
};
const slow: ServeOptions["routes"] = {
  "/": {
    message: async (socket, message) => {
      await nextTurn();
      await socket.send(message);
    },
  },
};

describe("a connection at rest", () => {
  test("leaves its halves to the next that has something to do, with a handler and with a loop", async () => {
    for (const routes of [echo, loop]) {
      const { left, taken } = watchHalves();
      const { port } = await start(routes);
      const peers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.join(port)));
      await until(() => left.mock.calls.length >= 20);
      for (const [index, peer] of peers.entries()) {
        await rest(peer, String(index));
        peer.say(`hello from ${index}`);
        expect(await peer.hear()).toEqual({ text: `hello from ${index}` });
        await rest(peer, "end");
      }
      const halves = new Set(taken.mock.results.map(({ value }) => value as unknown));
      expect(taken.mock.calls.length).toBeGreaterThan(50);
      expect(halves.size).toBeLessThan(10);
      taken.mockRestore();
      left.mockRestore();
    }
  });

  test("leaves them after each message where there are more than 512, and not when those have gone", async () => {
    const { left } = watchHalves();
    const server = await start(echo);
    const peers = await Promise.all(Array.from({ length: 516 }, () => RawPeer.join(server.port)));
    await until(() => left.mock.calls.length >= peers.length);
    /** How many have left theirs, of those that say a word. */
    async function leaving(speakers: readonly RawPeer[]): Promise<number> {
      const before = left.mock.calls.length;
      for (const peer of speakers) {
        peer.say("hello");
        expect(await peer.hear()).toEqual({ text: "hello" });
      }
      await nextTurn();
      return left.mock.calls.length - before;
    }
    expect(await leaving(peers)).toBe(516);
    expect(await leaving(peers)).toBe(516);
    for (const peer of peers.splice(10)) peer.raw.reset();
    await until(() => server.connections.size === peers.length);
    expect(await leaving(peers)).toBe(0);
    for (const peer of peers) peer.raw.reset();
    await until(() => server.connections.size === 0);
    const others = await Promise.all(Array.from({ length: 510 }, () => RawPeer.join(server.port)));
    await until(() => server.connections.size === others.length);
    expect(await leaving(others)).toBe(0);
  });

  test("is asked about without being woken", async () => {
    const { taken } = watchHalves();
    const server = await start(echo);
    await RawPeer.join(server.port);
    await until(() => server.connections.size === 1);
    const [connection] = server.connections as Set<Connection>;
    const before = taken.mock.calls.length;
    expect(connection).toMatchObject({ bufferedBytes: 0, needsDrain: false, state: "open" });
    expect(connection?.inspect()).toMatchObject({ bufferedBytes: 0, isBusy: false });
    expect(taken.mock.calls.length).toBe(before);
  });

  test("sends, pings, and closes from either side", async () => {
    const server = await start(echo);
    const peers = await Promise.all(Array.from({ length: 4 }, () => RawPeer.join(server.port)));
    await until(() => server.connections.size === 4);
    for (const peer of peers) await rest(peer, "");
    const connections = [...server.connections];
    broadcast(connections, "to all");
    for (const peer of peers) expect(await peer.hear()).toEqual({ text: "to all" });
    for (const peer of peers) await rest(peer, "");
    const [ours, theirs, cut] = connections as [Connection, Connection, Connection];
    void ours.close(4001, "bye");
    expect(await peers[0]?.hear()).toEqual({ close: 4001, reason: "bye" });
    peers[0]?.close(4001);
    peers[1]?.close(4002);
    expect(await peers[1]?.hear()).toMatchObject({ close: 4002 });
    await peers[0]?.leave();
    await peers[1]?.leave();
    expect(await ours.closed).toMatchObject({ code: 4001, by: "us", clean: true });
    expect(await theirs.closed).toMatchObject({ code: 4002, by: "peer", clean: true });
    peers[2]?.raw.reset();
    expect(await cut.closed).toMatchObject({ code: 1006 });
    peers[3]?.raw.end();
    expect(await peers[3]?.hear()).toBeUndefined();
    await until(() => server.connections.size === 0);
  });

  test("does not rest while the peer does not read, and rests again after that", async () => {
    const { left } = watchHalves();
    const server = await start(echo);
    const peer = await RawPeer.join(server.port);
    await until(() => server.connections.size === 1);
    const [connection] = server.connections as Set<Connection>;
    peer.raw.stopReading();
    const message = Buffer.alloc(1024 * 1024, 7);
    for (let i = 0; i < 8; i++) connection?.write(message);
    await until(() => connection?.needsDrain === true);
    const before = left.mock.calls.length;
    peer.send(pong());
    await nextTurn();
    expect(left.mock.calls.length).toBe(before);
    peer.raw.readOn();
    for (let i = 0; i < 8; i++) expect(await peer.hear()).toEqual({ binary: message.toString("hex") });
    await rest(peer, "again");
    await until(() => left.mock.calls.length > before);
  });

  test("answers for no bytes that another has queued who has taken its halves", async () => {
    const MIB = 1024 * 1024;
    const queuedBytesBudget = new QueuedBytesBudget(8 * MIB);
    const { left } = watchHalves();
    const server = await start(echo, { queuedBytesBudget, maxBufferedBytes: Number.POSITIVE_INFINITY });
    const message = Buffer.alloc(MIB);
    async function meet(): Promise<{ peer: RawPeer; connection: Connection }> {
      const others = new Set(server.connections);
      const peer = await RawPeer.join(server.port);
      await until(() => server.connections.size > others.size);
      return { peer, connection: [...server.connections].find((each) => !others.has(each)) as Connection };
    }
    const rested = await meet();
    const greedy = await meet();
    await until(() => left.mock.calls.length >= 2);
    rested.peer.raw.stopReading();
    for (let i = 0; i < 6; i++) rested.connection.write(message);
    await until(() => rested.connection.needsDrain);
    rested.peer.raw.readOn();
    for (let i = 0; i < 6; i++) await rested.peer.hear();
    await rest(rested.peer, "rest");
    expect(queuedBytesBudget.usedBytes).toBe(0);
    greedy.peer.raw.stopReading();
    for (let i = 0; i < 20; i++) greedy.connection.write(message);
    await until(() => greedy.connection.needsDrain);
    expect(queuedBytesBudget.usedBytes).toBe(greedy.connection.bufferedBytes);
    expect(await greedy.connection.closed).toMatchObject({ error: { code: "budget-exceeded" } });
    expect(rested.connection.state).toBe("open");
  });

  // Without spares, for it is observed; with them. What they tell of a connection is the same.
  describe.each([
    ["with halves of its own", { observer: {} }],
    ["at rest", {}],
  ])("%s", (_, options) => {
    test("is busy while its handler opens, though it had rested, and is not idle meanwhile", async () => {
      const opened = defer<void>();
      const server = await start(
        {
          "/": async (socket) => {
            await socket.receive({ timeoutMs: 50 }).catch(() => {});
            socket.handle({ open: () => opened.promise });
          },
        },
        { ...options, idleTimeoutMs: 300 },
      );
      const peer = await RawPeer.join(server.port);
      await until(() => server.connections.size === 1);
      const [connection] = server.connections as Set<Connection>;
      await until(() => connection?.isHandled === true);
      expect(connection?.inspect().isBusy).toBe(true);
      await new Promise((resolve) => void setTimeout(resolve, 1000));
      expect(connection?.state).toBe("open");
      opened.resolve();
      expect(await peer.hear()).toEqual({ close: 1001, reason: "idle-timeout" });
    });

    test("is not idle while somebody comes back for messages", async () => {
      let times = 0;
      const server = await start(
        {
          "/": async (socket) => {
            for (; times < 8; times++) await socket.receive({ timeoutMs: 150 }).catch(() => {});
          },
        },
        { ...options, idleTimeoutMs: 500 },
      );
      const peer = await RawPeer.join(server.port);
      expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
      expect(times).toBe(8);
    });
  });

  const step = fc.record({
    who: fc.nat({ max: 4 }),
    what: fc.constantFrom("text", "long", "begin", "end", "ping", "pong", "half", "rest", "turn"),
  });

  test.each([
    ["a handler", echo],
    ["a slow handler", slow],
    ["a loop", loop],
  ] as const)("mixes up nothing with %s, whatever comes in which order", async (_, routes) => {
    const { port } = await start(routes);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
        const peers = await Promise.all(Array.from({ length: 5 }, () => RawPeer.join(port)));
        const clients = peers.map((peer) => ({
          peer,
          open: "",
          cut: undefined as Uint8Array | undefined,
          due: [] as unknown[],
        }));
        let count = 0;
        for (const { who, what } of steps) {
          const client = clients[who] as (typeof clients)[number];
          const { peer } = client;
          const mark = `${who}:${count++} `;
          if (client.cut !== undefined && what !== "turn") {
            peer.raw.write(client.cut);
            client.cut = undefined;
          }
          if (what === "turn") await nextTurn();
          else if (what === "ping") {
            peer.send(ping(mark));
            client.due.push({ pong: mark });
          } else if (what === "pong") peer.send(pong());
          else if (client.open !== "") {
            const isLast = what === "end";
            peer.send(continuation(mark, isLast));
            client.open += mark;
            if (!isLast) continue;
            client.due.push({ text: client.open });
            client.open = "";
          } else if (what === "begin") {
            peer.send(text(mark, false));
            client.open = mark;
          } else if (what === "long") {
            const bytes = Buffer.alloc(40_000, count);
            peer.send(binary(bytes), pong());
            client.due.push({ binary: bytes.toString("hex") });
          } else {
            const bytes = Buffer.concat([peer.bytesOf(text(mark)), peer.bytesOf(pong())]);
            const at = what === "half" ? Math.floor(bytes.length / 3) : bytes.length;
            peer.raw.write(bytes.subarray(0, at));
            if (at < bytes.length) client.cut = bytes.subarray(at);
            client.due.push({ text: mark });
          }
        }
        for (const { peer, open, cut, due } of clients) {
          if (cut !== undefined) peer.raw.write(cut);
          if (open !== "") {
            peer.send(continuation("", true));
            due.push({ text: open });
          }
          const isPong = (said: unknown): boolean => typeof said === "object" && said !== null && "pong" in said;
          const said: unknown[] = [];
          while (said.length < due.length) said.push(await peer.hear());
          // A pong goes ahead of messages that are still handled.
          expect(said.filter((each) => !isPong(each))).toEqual(due.filter((each) => !isPong(each)));
          expect(said.filter(isPong)).toEqual(due.filter(isPong));
          peer.send(close(1000));
          await peer.leave();
        }
      }),
      { numRuns: 25 },
    );
  });
});
