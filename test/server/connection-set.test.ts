import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import type { Connection } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { until } from "../support/turns.js";

/** A server with `count` open connections, in the order in which they were opened. */
async function crowded(count: number): Promise<{
  readonly server: Awaited<ReturnType<typeof listening>>;
  readonly opened: readonly Connection[];
}> {
  const opened: Connection[] = [];
  const server = await listening({ routes: { "/echo": (connection) => void opened.push(connection) } });
  for (let i = 0; i < count; i++) {
    await RawPeer.join(server.port, { path: "/echo" });
    await until(() => opened.length === i + 1);
  }
  return { server, opened };
}

describe("the connections of a server", () => {
  test("are read like a set, in the order in which they were opened", async () => {
    const { server, opened } = await crowded(3);
    const { connections } = server;
    expect(connections.size).toBe(3);
    expect([...connections]).toEqual(opened);
    expect([...connections.keys()]).toEqual(opened);
    expect([...connections.values()]).toEqual(opened);
    expect([...connections.entries()]).toEqual(opened.map((each) => [each, each]));
    const visited: unknown[] = [];
    const self = {};
    connections.forEach(function (this: unknown, value, key, set) {
      visited.push([this, value, key, set]);
    }, self);
    expect(visited).toEqual(opened.map((each) => [self, each, each, connections]));
  });

  test("know of anything whether it is among them, and are shown as a set", async () => {
    const { server, opened } = await crowded(1);
    const { connections } = server;
    expect(connections.has(opened[0] as Connection)).toBe(true);
    for (const other of [undefined, null, {}, "text", Object.create(opened[0] as Connection)] as unknown[]) {
      expect(connections.has(other as Connection)).toBe(false);
    }
    expect(inspect(connections)).toBe(inspect(new Set(opened)));
    expect(Object.prototype.toString.call(connections)).toBe("[object ConnectionSet]");
  });

  test("have what any set to read has in this runtime", async () => {
    const { server, opened } = await crowded(2);
    const { connections } = server;
    const names = Object.getOwnPropertyNames(Set.prototype);
    const toRead = names.filter((name) => !["constructor", "add", "delete", "clear"].includes(name));
    expect(toRead.filter((name) => !(name in connections))).toEqual([]);
    const others = new Set([opened[0]]);
    const united = (connections as unknown as { union?: (other: unknown) => unknown }).union?.(others);
    expect(united).toEqual("union" in Set.prototype ? new Set(opened) : undefined);
  });

  test("are without one as soon as it is closed, which those of another server never have", async () => {
    const { server, opened } = await crowded(2);
    const other = await crowded(1);
    const [first, second] = opened as [Connection<undefined>, Connection<undefined>];
    const [stranger] = other.opened as [Connection<undefined>];
    expect([first, second, stranger].map((each) => server.connections.has(each))).toEqual([true, true, false]);
    first.terminate();
    await first.closed;
    expect([first, second, stranger].map((each) => server.connections.has(each))).toEqual([false, true, false]);
    expect([...server.connections]).toEqual([second]);
  });

  test("are gone through to the end while those that were seen are closed", async () => {
    const { server, opened } = await crowded(4);
    const seen: Connection[] = [];
    for (const connection of server.connections) {
      seen.push(connection);
      connection.terminate();
      await connection.closed;
    }
    expect(seen).toEqual(opened);
    expect(server.connections.size).toBe(0);
  });
});
