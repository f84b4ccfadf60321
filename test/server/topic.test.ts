import { describe, expect, test, vi } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import type { Server, ServeOptions } from "../../src/server/index.js";
import { type Publication, Topics } from "../../src/server/topic.js";
import { listening } from "../support/listening.js";
import { liveBytes } from "../support/live-bytes.js";
import { RawPeer } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

const smallQueues = { highWaterMark: 4_096, maxBufferedBytes: 64 * 1_024 } as const;

/** So many peers that have joined, and the server's side of each. `error` is told of those that are cut off. */
async function meet(count: number, options: Partial<ServeOptions> = {}, error = (): void => {}) {
  const connections: Connection[] = [];
  const server: Server = await listening({
    ...options,
    routes: { "/": { open: (connection) => void connections.push(connection), message: () => {}, error } },
  });
  const peers: RawPeer[] = [];
  for (let i = 0; i < count; i++) {
    peers.push(await RawPeer.join(server.port));
    await until(() => connections.length === i + 1);
  }
  return { server, peers: peers as [RawPeer, ...RawPeer[]], connections: connections as [Connection, ...Connection[]] };
}

describe("a topic", () => {
  test("is sent to its subscribers, text and binary, and not to the one that is left out", async () => {
    const { server, peers, connections } = await meet(3);
    for (const connection of connections) server.topic("news").add(connection);
    const news = server.topic("news");
    expect(news).toMatchObject({ name: "news", size: 3 });
    expect(news.publish("hello", { except: connections[0] })).toEqual({ sent: 2, skipped: 0, slow: 0 });
    news.publish(Uint8Array.of(1, 2).buffer);
    expect(await peers[0].hear()).toEqual({ binary: "0102" });
    for (const peer of peers.slice(1)) {
      expect(await peer.hear()).toEqual({ text: "hello" });
      expect(await peer.hear()).toEqual({ binary: "0102" });
    }
  });

  test("has nobody in it who was not added, and is sent to nobody then", async () => {
    const { server, connections } = await meet(1);
    const [connection] = connections;
    server.topic("sport").add(connection);
    server.topic("sport").add(connection);
    expect(server.topic("sport").size).toBe(1);
    expect(server.topic("news").has(connection)).toBe(false);
    expect(server.topic("news").publish("hello", { except: connection })).toEqual({ sent: 0, skipped: 0, slow: 0 });
  });

  test("of one server may have connections of another: both are left by those that close", async () => {
    const { connections, peers } = await meet(2);
    const all = [new Topics(), new Topics()];
    for (const topics of all) for (const connection of connections) topics.topic("news").add(connection);
    peers[0].raw.reset();
    await until(() => connections[0].state === "closed");
    for (const topics of all) {
      expect(topics.topic("news").size).toBe(1);
      expect(topics.topic("news").has(connections[1]!)).toBe(true);
    }
  });

  test("that is left by its last subscriber takes no memory", async () => {
    const { connections } = await meet(2);
    const [first, second] = connections;
    const topics = new Topics();
    topics.topic("news").add(first);
    topics.topic("news").add(second!);
    expect(topics.topic("news").delete(first)).toBe(true);
    expect(topics.topic("news").delete(first)).toBe(false);
    expect(topics.count).toBe(1);
    topics.topic("news").delete(second!);
    expect(topics.count).toBe(0);
    topics.topic("news").add(first);
    expect(topics.topic("news").has(first)).toBe(true);
  });

  test("is left by a connection that closes, and takes none that has closed", async () => {
    const { connections } = await meet(2);
    const [first, second] = connections;
    const topics = new Topics();
    for (const name of ["news", "sport"]) topics.topic(name).add(first);
    topics.topic("sport").add(second!);
    first.terminate();
    await first.closed;
    expect(topics.count).toBe(1);
    expect(topics.topic("sport").size).toBe(1);
    topics.topic("news").add(first);
    expect(topics.count).toBe(1);
  });

  test("is passed on as it was when it was published, and what comes from elsewhere is not", async () => {
    const relayed: Publication[] = [];
    const topics = new Topics((publication) => relayed.push(publication));
    const bytes = Uint8Array.of(1, 2, 3);
    topics.topic("news").publish("hello");
    topics.topic("news").publish(bytes);
    bytes.fill(0);
    topics.deliver([{ topic: "news", message: "from elsewhere" }]);
    expect(relayed).toEqual([
      { topic: "news", message: "hello" },
      { topic: "news", message: Uint8Array.of(1, 2, 3) },
    ]);
  });

  test("counts what is queued for each subscriber, also of a message that was added for all at once", async () => {
    const { server, connections } = await meet(3);
    for (const connection of connections) server.topic("news").add(connection);
    for (let frames = 1; frames <= 3; frames++) {
      server.topic("news").publish("hello");
      for (const { bufferedBytes } of connections) expect(bufferedBytes).toBe(frames * 7);
    }
  });

  test("is written before the turn ends where as much has gathered as a connection may have queued", async () => {
    const { server, peers, connections } = await meet(2, { highWaterMark: 1_000 });
    for (const connection of connections) server.topic("news").add(connection);
    for (let message = 0; message < 20; message++) {
      server.topic("news").publish("x".repeat(300));
      for (const { bufferedBytes } of connections) expect(bufferedBytes).toBeLessThan(1_000);
    }
    for (const peer of peers) for (let i = 0; i < 20; i++) expect(await peer.hear()).toEqual({ text: "x".repeat(300) });
  });

  test("adds a message for all at once whoever is left out that is none of them", async () => {
    const { server, connections } = await meet(3);
    const [subscriber, ...others] = connections;
    server.topic("news").add(subscriber);
    const write = vi.spyOn(subscriber, "write");
    for (const except of [...others, undefined]) server.topic("news").publish("hello", { except });
    expect(write).toHaveBeenCalledTimes(1);
    expect(subscriber.bufferedBytes).toBe(3 * 7);
  });

  test("lets go of a connection that is closed, though it was the last to be left out", async () => {
    const { server, peers, connections } = await meet(2);
    server.topic("news").add(connections[0]);
    const left = new WeakRef(connections.pop() as Connection);
    peers[1]?.raw.reset();
    await until(() => left.deref()?.state !== "open");
    server.topic("news").publish("somebody has left", { except: left.deref() });
    for (let turn = 0; turn < 20 && left.deref() !== undefined; turn++) {
      await nextTurn();
      liveBytes();
    }
    expect(left.deref()).toBeUndefined();
    expect(server.topic("news").size).toBe(1);
  });

  test("reaches all, each once, where one is cut off meanwhile and its handler publishes, adds and removes", async () => {
    const connections: Connection[] = [];
    const server: Server = await listening({
      highWaterMark: 4_096,
      maxBufferedBytes: 64 * 1_024,
      routes: {
        "/": {
          open: (connection) => void connections.push(connection),
          message: () => {},
          error: () => {
            const [, , leaver, comer] = connections as [Connection, Connection, Connection, Connection];
            server.topic("news").delete(leaver);
            server.topic("news").add(comer);
            server.topic("news").publish("nested");
          },
        },
      },
    });
    const peers: RawPeer[] = [];
    for (let i = 0; i < 4; i++) {
      peers.push(await RawPeer.join(server.port));
      await until(() => connections.length === i + 1);
    }
    const [slow, stays, , comes] = peers as [RawPeer, RawPeer, RawPeer, RawPeer];
    slow.raw.stopReading();
    for (const connection of connections.slice(0, 3)) server.topic("news").add(connection);
    const heard = { stays: 0, comes: 0 };
    let sent = 0;
    while (connections[0]?.state === "open") {
      const before = sent;
      while (sent < before + 5) server.topic("news").publish(`${sent++}`.padEnd(4_000));
      for (let i = before; i < sent; i++) {
        const said = await stays.hear();
        if (said !== undefined && "text" in said && said.text === "nested") i--;
        else expect(said).toEqual({ text: `${heard.stays++}`.padEnd(4_000) });
      }
    }
    server.topic("news").publish("last");
    for (const peer of [stays, comes]) {
      let said = await peer.hear();
      while (said !== undefined && "text" in said && said.text !== "last") {
        if (peer === comes && said.text === "nested") heard.comes++;
        said = await peer.hear();
      }
      expect(said).toEqual({ text: "last" });
    }
    expect([heard.stays, heard.comes]).toEqual([sent, 1]);
  });

  test("does not reach who was removed while a message was sent, for one that was cut off", async () => {
    const error = (): void => void server.topic("news").delete(connections[0]);
    const { server, peers, connections } = await meet(2, smallQueues, error);
    const [leaver, slow] = peers as [RawPeer, RawPeer];
    for (const connection of connections) server.topic("news").add(connection);
    slow.raw.stopReading();
    const cap = 64 * 1_024;
    for (let queued = 0; queued <= cap; queued = connections[1]?.bufferedBytes ?? Infinity) {
      connections[1]?.write("x".repeat(4_000));
      if (queued === 0) await nextTurn(); // the kernel has room at first
    }
    server.topic("news").publish("while it leaves");
    expect(connections[1]?.state).not.toBe("open");
    server.topic("news").publish("when it has left");
    connections[0]?.write("end");
    expect(await leaver.hear()).toEqual({ text: "while it leaves" });
    expect(await leaver.hear()).toEqual({ text: "end" });
  });

  test("does not reach who was removed while it was added for all others at once", async () => {
    const error = (): void => void server.topic("news").delete(connections[2] as Connection);
    const { server, peers, connections } = await meet(3, smallQueues, error);
    const [, slow, slowToo] = connections as [Connection, Connection, Connection];
    for (const peer of peers.slice(1)) peer.raw.stopReading();
    for (const connection of [slow, slowToo]) {
      while (!connection.needsDrain) {
        connection.write("x".repeat(4_000));
        await nextTurn();
      }
    }
    for (const connection of connections) server.topic("news").add(connection);
    server.topic("news").publish("to all");
    slow.write("x".repeat(64 * 1_024)); // one too many, which the next to be queued finds
    const before = slowToo.bufferedBytes;
    expect(slow.state).toBe("open");
    server.topic("news").publish("while one is removed");
    expect(slow.state).not.toBe("open");
    expect(slowToo.bufferedBytes).toBe(before);
    expect(slowToo.state).toBe("open");
  });

  test("has a name that is a string, and takes what can be sent", () => {
    const topics = new Topics();
    expect(() => topics.topic(7 as never)).toThrow("a topic has a name, which is a string");
    expect(() => topics.topic("news").publish(7 as never)).toThrow(TypeError);
  });
});
