import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { closeOf } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";

interface Held {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** An upgrader for one connection at a time, whose owner does something else before it calls `upgrade`. */
async function startHolding() {
  const http = createServer();
  const server = await startUpgrader({ maxConnections: 1 }, { http });
  const own = http.listeners("upgrade");
  http.removeAllListeners("upgrade");
  const held = new Promise<Held>((resolve) => {
    http.once("upgrade", (request, socket, head) => {
      socket.on("error", () => {});
      resolve({ request, socket, head });
      http.on("upgrade", own[0] as () => void);
    });
  });
  const raw = await RawSocket.connect(server.port);
  raw.write(upgradeRequest());
  return { server, raw, ...(await held) };
}

describe("upgrade() for a client that has", () => {
  test("ended its side resolves with undefined, ends ours and counts nobody", async () => {
    const { server, raw, request, socket, head } = await startHolding();
    const ended = once(socket, "end");
    raw.end();
    await ended;
    expect(await server.upgrader.upgrade(request, socket, head)).toBeUndefined();
    expect(await raw.rest()).toBe("");
    expect(server.upgrader.connections.size).toBe(0);
    await RawPeer.join(server.port);
    expect(server.refusals).toEqual([]);
  });

  test("gone resolves with undefined and counts nobody", async () => {
    const { server, raw, request, socket, head } = await startHolding();
    const closed = closeOf(socket);
    raw.reset();
    await closed;
    expect(await server.upgrader.upgrade(request, socket, head)).toBeUndefined();
    expect(server.upgrader.connections.size).toBe(0);
    await RawPeer.join(server.port);
  });

  test.each(["end", "reset"] as const)("left (%s) while the policies decided counts nobody", async (how) => {
    let decide = (): void => {};
    const asked = new Promise<void>((resolve) => {
      decide = resolve;
    });
    let letIn = (): void => {};
    const accepted: (Connection | undefined)[] = [];
    const server = await startUpgrader({
      maxConnections: 1,
      authorize: async ({ incoming }) => {
        if (incoming.url !== "/first") return undefined;
        decide();
        await new Promise<void>((resolve) => (letIn = resolve));
        return undefined;
      },
    });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest({ path: "/first" }));
    await asked;
    const socket = server.sockets[0] as Duplex;
    const left = closeOf(socket);
    raw[how]();
    await left;
    letIn();
    await RawPeer.join(server.port);
    accepted.push(await server.accepted());
    expect(accepted[0]?.url).toBe("/");
  });
});
