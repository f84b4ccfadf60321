import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { BareOpening } from "../../../src/server/bare/bare-opening.js";
import type { Connection, UpgradeRequest } from "../../../src/server/index.js";
import { liveBytes } from "../../support/live-bytes.js";
import { RawPeer } from "../../support/raw-peer.js";
import { nextTurn, until } from "../../support/turns.js";
import { listeningOn, PATHS } from "./both-paths.js";

describe.each(PATHS)("serve on the %s path", (path) => {
  test("keeps the headers that a policy has read, as they are then, for the connection", async () => {
    let seen: UpgradeRequest | undefined;
    const connections: Connection[] = [];
    const server = await listeningOn(path, {
      authorize: (request) => {
        seen = request;
        request.headers["x-user"] = "bob";
        return undefined;
      },
      routes: { "/": { open: (connection) => void connections.push(connection) } },
    });
    await RawPeer.join(server.port);
    await until(() => connections.length === 1);
    expect(seen?.headers).toBe(seen?.headers);
    expect(seen?.headers).toBe(seen?.incoming.headers);
    expect(connections[0]?.headers).toMatchObject({ "x-user": "bob", upgrade: "websocket" });
    expect(connections[0]?.headers).toBe(connections[0]?.headers);
  });

  test("lets go of a connection that is closed, though its request is kept", async () => {
    const requests: unknown[] = [];
    let connection: WeakRef<Connection> | undefined;
    const server = await listeningOn(path, {
      authorize: (request) => void requests.push(request, request.incoming),
      routes: { "/": { open: (opened) => void (connection = new WeakRef(opened)) } },
    });
    const peer = await RawPeer.join(server.port);
    await until(() => connection !== undefined);
    peer.close(1000);
    await peer.leave();
    await until(() => server.connections.size === 0);
    for (let turn = 0; turn < 20 && connection?.deref() !== undefined; turn++) {
      await nextTurn();
      liveBytes();
    }
    expect(connection?.deref()).toBeUndefined();
    expect(requests).toHaveLength(2);
  });
});

test.each([
  ["none where nobody asks", {}, 0],
  ["one for onRefused", { onRefused: () => {} }, 1],
])("a refusal makes a request of Node's: %s", async (_, options, times) => {
  const made = vi.spyOn(BareOpening.prototype, "incoming", "get");
  onTestFinished(() => made.mockRestore());
  const server = await listeningOn("bare", { ...options, routes: {} });
  const { response } = await RawPeer.ask(server.port, { path: "/nowhere" });
  expect(response?.status).toBe(404);
  expect(made).toHaveBeenCalledTimes(times);
});

test("authorize and onRequest run for whoever has called serve, and what one handshake enters no other sees", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const server = await storage.run("caller", () =>
    listeningOn("bare", {
      authorize: () => {
        seen.push(storage.getStore());
        storage.enterWith("a handshake");
      },
      onRequest: (_, response) => {
        seen.push(storage.getStore());
        response.end();
      },
      routes: { "/": {} },
    }),
  );
  await RawPeer.join(server.port);
  await RawPeer.join(server.port);
  await fetch(`${server.url}page`);
  expect(seen).toEqual(["caller", "caller", "caller"]);
});
