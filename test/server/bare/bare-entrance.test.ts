import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createSelfSigned } from "../../../src/cli/self-signed.js";
import { BareSocket } from "../../../src/connection/bare-socket.js";
import type { Server, ServeOptions } from "../../../src/server/index.js";
import { listening } from "../../support/listening.js";
import { RawPeer } from "../../support/raw-peer.js";
import { RawSocket } from "../../support/raw-socket.js";
import { upgradeRequest } from "../../support/upgrade-request.js";
import { untilCount } from "./both-paths.js";

const routes: ServeOptions["routes"] = { "/": { message: (socket, message) => socket.write(message) } };

/** Whether a WebSocket of `server` is bare; it works in either case. */
async function isBare({ port }: Server, { tls = false, before = "" } = {}): Promise<boolean> {
  const readInto = vi.spyOn(BareSocket.prototype, "readInto");
  const raw = await RawSocket.connect(port, { tls });
  raw.write(before, upgradeRequest());
  await raw.take((bytes) =>
    bytes.includes("\r\n\r\n") ? { value: true, size: bytes.indexOf("\r\n\r\n") + 4 } : undefined,
  );
  const peer = new RawPeer(raw);
  peer.say("a");
  expect(await peer.hear()).toEqual({ text: "a" });
  const { length } = readInto.mock.calls;
  readInto.mockRestore();
  return length > 0;
}

const later: Record<string, (http: Server["http"]) => void> = {
  "a connection listener": (http) => void http.on("connection", () => {}),
  "a connection listener for once": (http) => void http.prependOnceListener("connection", () => {}),
  "an upgrade listener": (http) => void http.on("upgrade", () => {}),
  "a listener for what clients do wrong": (http) => void http.on("clientError", () => {}),
  maxConnections: (http) => void (http.maxConnections = 10),
  "an upgrade listener in place of ours": (http) => {
    const own = http.listeners("upgrade");
    http.removeAllListeners("upgrade");
    http.on("upgrade", (...args) => void own[0]?.apply(http, args));
  },
  "a subscriber to Node's sockets": () => {
    const onSocket = (): void => {};
    subscribe("net.server.socket", onSocket);
    onTestFinished(() => void unsubscribe("net.server.socket", onSocket));
  },
};

/** `maxConnections` would close who is there already, which is another matter. */
const ofListeners = Object.entries(later).filter(([what]) => what !== "maxConnections");

describe("a WebSocket is bare", () => {
  test("by default", async () => {
    expect(await isBare(await listening({ routes }))).toBe(true);
  });

  test("with listeners that miss nothing by it", async () => {
    const server = await listening({ routes, http2: true, health: true, onRequest: () => {} });
    server.http.on("request", () => {});
    server.http.on("close", () => {});
    server.http.on("error", () => {});
    expect(await isBare(server)).toBe(true);
  });

  test("again once a listener has gone", async () => {
    const server = await listening({ routes });
    const listener = (): void => {};
    server.http.on("upgrade", listener);
    expect(await isBare(server)).toBe(false);
    server.http.off("upgrade", listener);
    expect(await isBare(server)).toBe(true);
  });
});

describe("a WebSocket is not bare", () => {
  test.each(Object.entries(later))("with %s, added later", async (_what, add) => {
    const server = await listening({ routes });
    add(server.http);
    expect(await isBare(server)).toBe(false);
  });

  test.each(ofListeners)("with %s, added while the client was silent", async (_what, add) => {
    const server = await listening({ routes });
    const readInto = vi.spyOn(BareSocket.prototype, "readInto");
    const raw = await RawSocket.connect(server.port);
    await untilCount(server, 1);
    add(server.http);
    raw.write(upgradeRequest());
    await raw.take((bytes) => (bytes.includes("101 Switching") ? { value: true, size: bytes.length } : undefined));
    expect(readInto).not.toHaveBeenCalled();
  });

  test("over TLS", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    expect(await isBare(await listening({ routes, tls: { cert, key } }), { tls: true })).toBe(false);
  });

  test("behind PROXY protocol", async () => {
    const server = await listening({ routes, trustProxy: { from: ["loopback"], proxyProtocol: true } });
    expect(await isBare(server, { before: "PROXY TCP4 192.0.2.1 203.0.113.9 4711 443\r\n" })).toBe(false);
  });

  test("when the head comes in pieces", async () => {
    const server = await listening({ routes });
    const raw = await RawSocket.connect(server.port);
    await raw.drip(upgradeRequest().slice(0, 3));
    await untilCount(server, 1);
    const made: Socket[] = [];
    server.http.on("connection", (socket: Socket) => made.push(socket));
    raw.write(upgradeRequest().slice(3));
    await raw.take((bytes) => (bytes.includes("101 Switching") ? { value: true, size: bytes.length } : undefined));
    expect(made).toEqual([]); // it had been made before
  });
});

describe("a listener that comes later", () => {
  test("is given the sockets of what comes then, and the upgrades", async () => {
    const server = await listening({ routes });
    const log: unknown[] = [];
    server.http.on("connection", ({ remotePort }) => log.push(remotePort));
    server.http.on("upgrade", ({ url }) => log.push(url));
    const { raw } = await RawPeer.join(server.port);
    expect(log).toEqual([raw.socket.localPort, "/"]);
  });

  test("is told of a silent client that resets, and of one that is too late", async () => {
    const server = await listening({ routes, handshakeTimeoutMs: 50 });
    const codes: unknown[] = [];
    server.http.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      codes.push(error.code);
      socket.destroy();
    });
    const raw = await RawSocket.connect(server.port);
    await untilCount(server, 1);
    raw.reset();
    await untilCount(server, 0);
    expect(await (await RawSocket.connect(server.port)).rest()).toBe("");
    expect(codes).toEqual(["ECONNRESET", "ERR_HTTP_REQUEST_TIMEOUT"]);
  });
});
