import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import type { Server } from "../../src/server/index.js";
import { type Publication, Topics } from "../../src/server/topic.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { until } from "../support/turns.js";

/** So many peers that have joined, and the server's side of each. */
async function meet(count: number) {
  const connections: Connection[] = [];
  const server: Server = await listening({
    routes: { "/": { open: (connection) => void connections.push(connection), message: () => {} } },
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

  test("has a name that is a string, and takes what can be sent", () => {
    const topics = new Topics();
    expect(() => topics.topic(7 as never)).toThrow("a topic has a name, which is a string");
    expect(() => topics.topic("news").publish(7 as never)).toThrow(TypeError);
  });
});
