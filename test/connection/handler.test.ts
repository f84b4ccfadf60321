import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { Connection, ConnectionHandler, Message } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { meet } from "../support/meeting.js";
import { binary, text } from "../support/raw-peer.js";
import { recorder } from "../support/recording-handler.js";
import { nextTurn, until } from "../support/turns.js";

describe("a handler", () => {
  test("is called for open, each message in order and close, with the connection", async () => {
    const { peer, connection } = await meet();
    const calls: unknown[] = [];
    connection.handle({
      open: (...args) => calls.push(["open", ...args]),
      message: (...args) => calls.push(["message", ...args]),
      close: (...args) => calls.push(["close", ...args]),
    });
    peer.send(text("a"), binary(Uint8Array.of(1)));
    peer.close(4000, "bye");
    await peer.leave();
    const info = await connection.closed;
    expect(calls).toEqual([
      ["open", connection],
      ["message", connection, "a"],
      ["message", connection, Uint8Array.of(1)],
      ["close", connection, info],
    ]);
    expect(info).toEqual({ code: 4000, reason: "bye", by: "peer", clean: true, error: undefined });
  });

  test("serves any number of connections: it gets each as its argument and none as `this`", async () => {
    const heard: string[] = [];
    const handler: ConnectionHandler = {
      message: (connection, message) => heard.push(`${connection.url} ${String(message)}`),
    };
    for (const path of ["/one", "/two"]) {
      const { peer, connection } = await meet({}, { path });
      connection.handle(handler);
      peer.say("hello");
      peer.close();
      await peer.leave();
    }
    expect(heard).toEqual(["/one hello", "/two hello"]);
  });

  test.each([
    [{ mesage: () => {} }, 'a handler has no "mesage"; it takes open, message, drain, close, error, borrows'],
    [{ message: "hello" }, 'the handler\'s "message" is "hello"; it takes a function'],
    [{ close: null }, 'the handler\'s "close" is null; it takes a function'],
    [[], "a handler is an object with open, message, drain, close, error, borrows, all optional; this is an array"],
    [null, "a handler is an object with open, message, drain, close, error, borrows, all optional; this is null"],
    [
      () => {},
      "a handler is an object with open, message, drain, close, error, borrows, all optional; this is a function",
    ],
  ])("that cannot be one is refused with a TypeError, and another may still be given: %o", async (wrong, message) => {
    const { peer, connection } = await meet();
    expect(() => connection.handle(wrong as never)).toThrow(new TypeError(message));
    connection.handle({ message: (socket, received) => socket.write(received) });
    peer.say("hello");
    expect(await peer.hear()).toEqual({ text: "hello" });
    peer.close();
    await peer.leave();
  });

  test("may be an object of a class, which has members of its own", async () => {
    class Echo implements ConnectionHandler {
      count = 0;
      message(socket: Connection, received: Message): void {
        socket.write(`${(this.count += 1)} ${String(received)}`);
      }
    }
    const { peer, connection } = await meet();
    connection.handle(new Echo());
    peer.say("hello");
    expect(await peer.hear()).toEqual({ text: "1 hello" });
    peer.close();
    await peer.leave();
  });

  test("without `message` has messages read and dropped, so that a close frame behind them is seen", async () => {
    const { peer, connection } = await meet();
    connection.handle({});
    peer.say("a", "b", "c");
    peer.close();
    expect(await peer.leave()).toEqual([{ close: undefined, reason: "" }]);
  });

  test("gets the first message after the promise of its `open`", async () => {
    const { peer, connection } = await meet();
    const gate = defer<void>();
    const log: string[] = [];
    connection.handle(recorder(log, { open: () => gate.promise.then(() => log.push("opened")) }));
    peer.say("a", "b");
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(log).toEqual(["open"]);
    gate.resolve();
    peer.close();
    await peer.leave();
    await connection.closed;
    expect(log).toEqual(["open", "opened", "message a", "message b", "close 1005"]);
  });

  test("gets the next message after the promise of the one before: calls never overlap", async () => {
    const { peer, connection } = await meet();
    const log: string[] = [];
    connection.handle(
      recorder(log, {
        message: async (_, message) => {
          await nextTurn();
          log.push(`done ${String(message)}`);
        },
      }),
    );
    peer.say("a", "b", "c");
    peer.close();
    await peer.leave();
    await connection.closed;
    expect(log).toEqual(["open", "message a", "done a", "message b", "done b", "message c", "done c", "close 1005"]);
  });

  test("answers before the close frame behind its message is seen, also from an async `message`", async () => {
    const { peer, connection } = await meet();
    connection.handle({
      message: async (socket, message) => {
        await nextTurn();
        await nextTurn();
        await socket.send(`re: ${String(message)}`);
      },
    });
    peer.say("question");
    peer.close(1000);
    expect(await peer.leave()).toEqual([{ text: "re: question" }, { close: 1000, reason: "" }]);
  });

  test("is told of the end after the last message, when its `message` still works on it as the peer vanishes", async () => {
    const { peer, connection } = await meet();
    const gate = defer<void>();
    const log: string[] = [];
    connection.handle(
      recorder(log, {
        message: async (_, message) => {
          await gate.promise;
          log.push(`done ${String(message)}`);
        },
      }),
    );
    peer.say("a", "b");
    await until(() => log.includes("message a"));
    peer.raw.reset();
    await connection.closed;
    expect(log.filter((line) => line.startsWith("close"))).toEqual([]);
    gate.resolve();
    await until(() => log.includes("close 1006"));
    expect(log).toEqual(["open", "message a", "error connection-lost", "done a", "message b", "done b", "close 1006"]);
  });

  test("that comes after the end is told of what went wrong, each message and, once, of the end", async () => {
    const { peer, connection, server } = await meet({ closeTimeoutMs: 50 });
    const socket = server.sockets[0] as Socket;
    const before = socket.bytesRead;
    peer.say("a", "b");
    await until(() => socket.bytesRead > before);
    peer.raw.end();
    await connection.closed;
    const log: string[] = [];
    connection.handle(recorder(log));
    await nextTurn();
    expect(log).toEqual(["open", "error connection-lost", "message a", "message b", "close 1006"]);
  });

  test("that comes after a clean end is told of it, after the promise of its `open`", async () => {
    const { peer, connection } = await meet();
    peer.close(1001);
    await peer.leave();
    await connection.closed;
    const log: string[] = [];
    connection.handle(recorder(log, { open: () => nextTurn().then(() => log.push("opened")) }));
    await until(() => log.length === 3);
    expect(log).toEqual(["open", "opened", "close 1001"]);
  });
});

describe("a handler that never comes back", () => {
  test("does not keep us from closing", async () => {
    const { peer, connection } = await meet();
    const heard = defer<void>();
    connection.handle({
      message: () => {
        heard.resolve();
        return new Promise(() => {});
      },
    });
    peer.say("a", "b");
    await heard.promise;
    const closed = connection.close(1001);
    expect(await peer.hear()).toEqual({ close: 1001, reason: "" });
    peer.close(1001);
    await peer.leave();
    expect(await closed).toMatchObject({ code: 1001, by: "us", clean: true });
  });

  test("does not keep the socket of a peer that vanishes", async () => {
    const { peer, connection } = await meet();
    const heard = defer<void>();
    connection.handle({
      message: () => {
        heard.resolve();
        return new Promise(() => {});
      },
    });
    peer.say("a");
    await heard.promise;
    peer.raw.reset();
    expect(await connection.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
  });
});
