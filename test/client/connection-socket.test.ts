import type { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { connect, type ConnectionHandler, socketOf } from "../../src/client/index.js";
import {
  type OpenSocket,
  ReconnectingSocket,
  type ReconnectingState,
  type SocketClose,
} from "../../src/reconnecting/index.js";
import { frameBytes } from "../protocol/support/frame-bytes.js";
import { DeafRelay } from "../support/deaf-relay.js";
import { listening } from "../support/listening.js";
import { close, text } from "../support/raw-peer.js";
import { RawServer } from "../support/raw-server.js";
import { nextTurn } from "../support/turns.js";

const open: OpenSocket = async (url, { protocols, signal }) =>
  socketOf(await connect(url, { subprotocols: protocols, signal }));
const echo: ConnectionHandler = { message: (peer, message) => void peer.write(message) };

/** The next state of this kind. */
async function next(socket: ReconnectingSocket, kind: ReconnectingState["kind"]): Promise<ReconnectingState> {
  return await new Promise((resolve) => {
    const stop = socket.on("state", (state) => {
      if (state.kind !== kind) return;
      stop();
      resolve(state);
    });
  });
}

describe("a reconnecting socket over connections of halyard/client", () => {
  test("sends and gets text and bytes, under the subprotocol that was chosen", async () => {
    const server = await listening({ routes: { "/": echo }, subprotocols: ["chat"] });
    await using socket = new ReconnectingSocket(server.url, { open, protocols: "chat" });
    const messages = socket[Symbol.asyncIterator]();
    socket.send("text");
    socket.send(Uint8Array.of(1, 2, 3));
    expect(await messages.next()).toEqual({ done: false, value: "text" });
    expect(await messages.next()).toEqual({ done: false, value: Uint8Array.of(1, 2, 3).buffer });
    expect(socket.state).toMatchObject({ kind: "open", protocol: "chat" });
    expect(socket.bufferedBytes).toBe(0);
  });

  test("ends where socketOf was forgotten, and leaves no connection behind", async () => {
    const server = await listening({ routes: { "/": echo } });
    const forgetful: OpenSocket = async (url, { signal }) => (await connect(url, { signal })) as never;
    const socket = new ReconnectingSocket(server.url, { open: forgetful });
    await socket.closed;
    expect(socket.state).toMatchObject({
      kind: "closed",
      reason: { kind: "invalid", error: { code: "no-websocket" } },
    });
    await vi.waitFor(() => expect(server.connections.size).toBe(0));
  });

  test("hears of the end of a connection that had ended before socketOf was called", async () => {
    const server = await listening({ routes: { "/": { open: (peer) => void peer.close(3000, "no") } } });
    const connection = await connect(server.url);
    await connection.closed;
    const socket = socketOf(connection);
    const ends: unknown[] = [];
    Object.assign(socket, { onclose: ({ code, reason }: SocketClose) => void ends.push([code, reason]) });
    await vi.waitFor(() => expect(ends).toEqual([[3000, "no"]]));
    expect(socket.readyState).toBe(3);
  });

  test("gets bytes as a Blob, where that is asked for", async () => {
    const server = await listening({ routes: { "/": echo } });
    const socket = new ReconnectingSocket(server.url, { open, binaryType: "blob" });
    socket.send(Uint8Array.of(1, 2, 3));
    for await (const message of socket) {
      const blob = message as Blob;
      expect(new Uint8Array(await blob.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
      break;
    }
    await socket.close();
  });

  test("comes back when the connection is lost, and takes what it was given for uncertain", async () => {
    const server = await listening({ routes: { "/": { message: (peer) => peer.terminate() } } });
    await using socket = new ReconnectingSocket(server.url, { open, firstDelayMs: 1 });
    const losses: unknown[] = [];
    socket.on("loss", (loss) => losses.push(loss));
    await next(socket, "open");
    socket.send("may be lost");
    const waiting = await next(socket, "waiting");
    expect(waiting).toMatchObject({ reason: { kind: "closed", code: 1006, wasClean: false } });
    await next(socket, "open");
    expect(losses).toEqual([{ kind: "uncertain", messages: ["may be lost"], omitted: 0 }]);
  });

  test("changes over to another connection when its line goes deaf, with no help of the server", async () => {
    const server = await listening({ routes: { "/": echo }, pingIntervalMs: 0 });
    const relay = await DeafRelay.to(server.port);
    const heartbeat = { intervalMs: 100, timeoutMs: 5_000 };
    await using socket = new ReconnectingSocket(`ws://127.0.0.1:${relay.port}/`, {
      open,
      heartbeat,
      closeTimeoutMs: 50,
    });
    const states: string[] = [];
    socket.on("state", ({ kind }) => states.push(kind));
    const losses: unknown[] = [];
    socket.on("loss", (loss) => losses.push(loss));
    await next(socket, "open");
    relay.goDeaf();
    socket.send("into the void");
    await next(socket, "open");
    const messages = socket[Symbol.asyncIterator]();
    socket.send("heard");
    expect(await messages.next()).toEqual({ done: false, value: "heard" });
    expect(new Set(states)).toEqual(new Set(["open"]));
    await vi.waitFor(() => expect(losses[0]).toEqual({ kind: "uncertain", messages: ["into the void"], omitted: 0 }));
  });

  test.each([
    ["a message longer than we take", { maxMessageBytes: 4 }, "too long"],
    ["a message that is no UTF-8", {}, Buffer.from([0x81, 0x01, 0xff])],
  ])("comes back after what it must end itself: %s", async (_, options, sent) => {
    const server = await listening({
      routes: {
        "/": {
          open: (peer) => {
            if (server.connections.size > 1) return;
            if (typeof sent === "string") peer.write(sent);
            else sockets[0]?.write(sent);
          },
        },
      },
    });
    const sockets: Socket[] = [];
    server.http.on("connection", (socket: Socket) => sockets.push(socket));
    const reopen: OpenSocket = async (url) => socketOf(await connect(url, options));
    await using socket = new ReconnectingSocket(server.url, { open: reopen, firstDelayMs: 1 });
    const waiting = await next(socket, "waiting");
    expect(waiting).toMatchObject({ reason: { kind: "closed", code: 1006, wasClean: false } });
  });

  test("gives the server its close code, and cuts a connection that is given up", async () => {
    const ends: unknown[] = [];
    const server = await listening({
      routes: { "/": { close: (_, { code, reason }) => void ends.push([code, reason]) } },
    });
    const socket = new ReconnectingSocket(server.url, { open });
    await next(socket, "open");
    socket.reconnect();
    await next(socket, "open");
    await socket.close(4001, "done");
    expect(socket.state).toEqual({ kind: "closed", reason: { kind: "requested" } });
    await expect
      .poll(() => ends)
      .toEqual([
        [1006, ""],
        [4001, "done"],
      ]);
  });

  describe("what the server says first", () => {
    const said = [text("one"), text("two")].map(frameBytes);

    /** What a reconnecting socket tells, as it comes. */
    function told(socket: ReconnectingSocket): unknown[] {
      const events: unknown[] = [];
      socket.on("state", ({ kind }) => events.push(kind));
      socket.on("message", (message) => events.push(message));
      return events;
    }

    /** An `open` whose connection is lost before it returns. */
    function losing(server: RawServer): OpenSocket {
      return async (url) => {
        const connection = await connect(url);
        const socket = socketOf(connection);
        server.sockets[0]?.reset();
        await connection.closed;
        await nextTurn();
        return socket;
      };
    }

    test("comes behind the news that it is open", async () => {
      const server = await RawServer.start();
      await using socket = new ReconnectingSocket(server.url, { open, closeTimeoutMs: 50 });
      const events = told(socket);
      (await server.visitor()).accept({}, ...said);
      await expect.poll(() => events).toEqual(["open", "one", "two"]);
    });

    test("waits for who learns by a promise that it is open, and listens then", async () => {
      const server = await RawServer.start();
      await using socket = new ReconnectingSocket(server.url, { open, closeTimeoutMs: 50 });
      void server.visitor().then((visitor) => visitor.accept({}, ...said));
      await next(socket, "open");
      expect(await socket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: "one" });
    });

    test("waits until `open` returns, though the connection is lost meanwhile", async () => {
      const server = await RawServer.start();
      await using socket = new ReconnectingSocket(server.url, { open: losing(server), firstDelayMs: 60_000 });
      const events = told(socket);
      (await server.visitor()).accept({}, ...said);
      await expect.poll(() => events).toEqual(["open", "one", "two", "waiting"]);
    });

    test("where that is nothing, a connection that is lost before `open` returns is a failed attempt", async () => {
      const server = await RawServer.start();
      await using socket = new ReconnectingSocket(server.url, { open: losing(server) });
      void server.visitor().then((visitor) => visitor.accept());
      expect(await next(socket, "waiting")).toMatchObject({ reason: { kind: "connect-failed" } });
    });

    test("does not keep the end from who listens for that only", async () => {
      const server = await RawServer.start();
      const connecting = connect(server.url);
      const peer = (await server.visitor()).accept({}, ...said, frameBytes(close(4001, "enough")));
      const socket = socketOf(await connecting);
      const closed = new Promise((resolve) => {
        // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it has no other
        socket.onclose = resolve;
      });
      await peer.leave();
      expect(await closed).toEqual({ code: 4001, reason: "enough", wasClean: true });
      expect(socket.readyState).toBe(3);
    });
  });
});
