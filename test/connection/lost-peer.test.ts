import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { Link } from "../../src/connection/link.js";
import { defer } from "../../src/internal/deferred.js";
import { meet } from "../support/meeting.js";
import { text } from "../support/raw-peer.js";
import { until } from "../support/turns.js";

describe("a peer that vanishes", () => {
  test("by a reset ends as 1006 with the socket's error as the cause", async () => {
    const { peer, connection } = await meet();
    peer.raw.reset();
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1006, reason: "", by: "peer", clean: false });
    expect(info.error).toMatchObject({ code: "connection-lost", cause: { code: "ECONNRESET" } });
  });

  test("by the end of its side without a close frame ends as 1006, and we end ours", async () => {
    const { peer, connection } = await meet();
    peer.raw.end();
    expect(await peer.hearAll()).toEqual([]);
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1006, by: "peer", clean: false, error: { code: "connection-lost" } });
    expect(info.error?.cause).toBeUndefined();
  });

  test("within a frame or a message has that message lost, and those before it delivered", async () => {
    for (const cut of [[text("unfinished", false)], [{ ...text("cut"), announcedLength: 100n }]]) {
      const { peer, connection } = await meet();
      peer.send(text("whole"), ...cut);
      peer.raw.end();
      expect(await connection.receive()).toBe("whole");
      expect(await connection.receive()).toBeUndefined();
      expect(await connection.closed).toMatchObject({ code: 1006, error: { code: "connection-lost" } });
    }
  });

  test("after our close frame leaves our code, unclean, with the loss as the error", async () => {
    const { peer, connection } = await meet();
    const closed = connection.close(4000);
    await peer.hear();
    peer.raw.end();
    expect(await closed).toMatchObject({ code: 4000, by: "us", clean: false, error: { code: "connection-lost" } });
  });

  test("after its own close frame leaves its code, and that was clean", async () => {
    const { peer, connection } = await meet();
    peer.close(4000, "gone");
    peer.raw.end();
    expect(await connection.closed).toEqual({ code: 4000, reason: "gone", by: "peer", clean: true, error: undefined });
  });

  test("while a handler takes longer than closeTimeoutMs is told as what it is, and what it had sent is handled all the same", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    const done = defer<void>();
    const handled: unknown[] = [];
    connection.handle({
      message: async (_, message) => {
        handled.push(message);
        if (message === "first") await done.promise;
      },
    });
    peer.say("first", "second");
    peer.close(1001);
    peer.raw.end();
    const { code, error } = await connection.closed;
    expect({ code, error: error?.code }).toEqual({ code: 1006, error: "connection-lost" });
    expect(error?.message).toContain("what it had sent was not gone through within closeTimeoutMs (50)");
    done.resolve();
    await until(() => connection.receivedClose !== undefined);
    expect(handled).toEqual(["first", "second"]);
    expect(connection.receivedClose).toEqual({ code: 1001, reason: "" });
  });

  test("is told to the handler: the error, then the end", async () => {
    const { peer, connection } = await meet();
    const told: string[] = [];
    const over = defer<void>();
    connection.handle({
      error: (_, error) => told.push(error.code),
      close: (_, info) => {
        told.push(String(info.code));
        over.resolve();
      },
    });
    peer.raw.reset();
    await over.promise;
    expect(told).toEqual(["connection-lost", "1006"]);
  });
});

describe("a socket that is gone", () => {
  test("refers to nothing of its connection: who keeps it, or V8 until it collects it, keeps no more than the socket", async () => {
    const { peer, connection, server } = await meet();
    const socket = server.sockets[0] as Socket;
    const listened = (): number[] => ["error", "end", "close"].map((event) => socket.listenerCount(event));
    const parts = socket as unknown as Record<symbol, unknown>;
    const values = (): unknown[] => Object.getOwnPropertySymbols(socket).map((symbol) => parts[symbol]);
    const whileOpen = listened();
    expect(values().some((value) => value instanceof Link)).toBe(true);
    peer.raw.socket.destroy();
    await connection.closed;
    expect(listened()).toEqual(whileOpen.map((count) => count - 1));
    expect(values().some((value) => value instanceof Link)).toBe(false);
  });
});
