import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { Connection, Message } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { type Meeting, meet } from "../support/meeting.js";
import { binary, close, continuation, masked, ping, pong, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { nextTurn, until } from "../support/turns.js";
import { upgradeRequest } from "../support/upgrade-request.js";
import { startUpgrader } from "../support/upgrade-server.js";

/** Everything that `connection` receives until it ends. */
async function collect(connection: Connection): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of connection) messages.push(message);
  return messages;
}

describe("a message", () => {
  test("is a string for text and a Uint8Array for binary, the empty ones too", async () => {
    const { peer, connection } = await meet();
    peer.send(text("hello"), binary(Uint8Array.of(0, 255, 128)), text(""), binary(new Uint8Array(0)), close());
    expect(await collect(connection)).toEqual(["hello", Uint8Array.of(0, 255, 128), "", new Uint8Array(0)]);
  });

  test("keeps every character of a text, a byte order mark and NUL among them", async () => {
    const { peer, connection } = await meet();
    const texts = ["\u{feff}mark", "a\0b", "⚓ 你好 \u{10ffff}", "é".repeat(70_000)];
    peer.say(...texts);
    peer.close();
    expect(await collect(connection)).toEqual(texts);
  });

  test("in binary has memory of its own: no later read changes it, and it pins no read buffer", async () => {
    const { peer, connection } = await meet();
    peer.send(binary(Buffer.from("first")));
    const first = (await connection.receive()) as Uint8Array;
    peer.send(binary(Buffer.from("other")));
    await connection.receive();
    expect(Buffer.from(first).toString()).toBe("first");
    expect(first.buffer.byteLength).toBe(5);
  });

  test("RFC 6455 §5.4: is put together from its fragments, control frames between them", async () => {
    const { peer, connection } = await meet();
    peer.send(text("one ", false), ping("?"), continuation("two ", false), pong("unasked"), continuation("three"));
    expect(await connection.receive()).toBe("one two three");
    expect(await peer.hear()).toEqual({ pong: "?" });
  });
});

describe("nothing is lost", () => {
  test("of what came in the same packet as the handshake", async () => {
    const { connection } = await meet({}, { together: [text("a"), text("b"), close(1000)] });
    expect(await collect(connection)).toEqual(["a", "b"]);
  });

  test("of a frame that the end of the handshake's packet cuts anywhere", async () => {
    const server = await startUpgrader();
    const frame = masked(text("hello"));
    for (let cut = 0; cut <= frame.length; cut++) {
      const raw = await RawSocket.connect(server.port);
      raw.write(upgradeRequest(), frame.subarray(0, cut));
      const connection = await server.accepted();
      raw.write(frame.subarray(cut));
      expect(await connection.receive()).toBe("hello");
    }
  });

  test("behind the last message that was asked for, by a reader that takes its time: a ping is answered, and the end is seen", async () => {
    const { peer, connection, server } = await meet();
    const socket = server.sockets[0] as Socket;
    for (const sent of [["a", "b"], ["c"]]) {
      const before = socket.bytesRead;
      peer.say(...sent);
      await until(() => socket.bytesRead > before);
      await nextTurn();
    }
    expect(socket.isPaused()).toBe(true);
    for (const message of ["a", "b", "c"]) {
      expect(await connection.receive()).toBe(message);
      for (let turn = 0; turn < 3; turn++) await nextTurn();
    }
    peer.send(ping("?"), close(1000));
    expect(await peer.hear()).toEqual({ pong: "?" });
    expect(await connection.closed).toMatchObject({ code: 1000, by: "peer" });
  });

  test("before a handler that awaits first", async () => {
    const { peer, connection, server } = await meet();
    const socket = server.sockets[0] as Socket;
    const before = socket.bytesRead;
    peer.say("a", "b", "c");
    await until(() => socket.bytesRead > before);
    await nextTurn();
    peer.say("d");
    peer.close();
    await nextTurn();
    expect(await collect(connection)).toEqual(["a", "b", "c", "d"]);
  });

  test("of what the client sends while authorize waits", async () => {
    const gate = defer<void>();
    const server = await startUpgrader({
      authorize: async () => {
        await gate.promise;
        return undefined;
      },
    });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest(), masked(text("together")));
    await until(() => server.sockets.length === 1);
    const socket = server.sockets[0] as Socket;
    const before = socket.bytesRead;
    raw.write(masked(text("meanwhile")), masked(text("and more")));
    await until(() => socket.bytesRead > before);
    gate.resolve();
    const connection = await server.accepted();
    raw.write(masked(text("later")), masked(close()));
    expect(await collect(connection)).toEqual(["together", "meanwhile", "and more", "later"]);
  });

  test("of what was received before the peer vanished, also when its reader comes after the socket is gone", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    peer.say("a", "b", "c");
    expect(await connection.receive()).toBe("a");
    peer.raw.end();
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1006, by: "peer", clean: false, error: { code: "connection-lost" } });
    expect(await collect(connection)).toEqual(["b", "c"]);
  });
});

describe("receive()", () => {
  test("gives one message a call, in order", async () => {
    const { peer, connection } = await meet();
    peer.say("a", "b");
    expect(await connection.receive()).toBe("a");
    expect(await connection.receive()).toBe("b");
  });

  test("gives undefined when there will be no more, as often as it is asked", async () => {
    const { peer, connection } = await meet();
    peer.say("last");
    peer.close();
    expect(await connection.receive()).toBe("last");
    expect(await connection.receive()).toBeUndefined();
    expect(await connection.receive()).toBeUndefined();
    await peer.leave();
    await connection.closed;
    expect(await connection.receive()).toBeUndefined();
  });

  test("that waits is told when we close, when we terminate and when the peer vanishes", async () => {
    const ends: ((meeting: Meeting) => void)[] = [
      ({ connection }) => void connection.close(),
      ({ connection }) => connection.terminate(),
      ({ peer }) => peer.raw.reset(),
      ({ peer }) => peer.raw.end(),
    ];
    for (const end of ends) {
      const meeting = await meet();
      const waiting = meeting.connection.receive();
      end(meeting);
      expect(await waiting).toBeUndefined();
    }
  });

  test("drops what came before once we have closed: who closes wants no more", async () => {
    const { peer, connection, server } = await meet();
    const socket = server.sockets[0] as Socket;
    const before = socket.bytesRead;
    peer.say("a", "b");
    await until(() => socket.bytesRead > before);
    void connection.close();
    expect(await connection.receive()).toBeUndefined();
  });
});

describe("for await", () => {
  test("ends when the connection does, without an error, also when the peer broke the protocol", async () => {
    const { peer, connection } = await meet();
    peer.send(text("good"), { opcode: 0x3 });
    expect(await collect(connection)).toEqual(["good"]);
    expect(await peer.leave()).toEqual([{ close: 1002, reason: "reserved-opcode" }]);
    expect(await connection.closed).toMatchObject({ code: 1002, error: { fault: "reserved-opcode" } });
  });

  test("left by break leaves the connection open, and another loop goes on where it stopped", async () => {
    const { peer, connection } = await meet();
    peer.say("a", "b", "c", "d");
    for await (const message of connection) {
      if (message === "b") break;
    }
    expect(connection.state).toBe("open");
    expect(await connection.receive()).toBe("c");
    peer.close();
    expect(await collect(connection)).toEqual(["d"]);
  });

  test("left by an exception leaves the connection open", async () => {
    const { peer, connection } = await meet();
    peer.say("a", "b");
    const loop = async (): Promise<void> => {
      for await (const message of connection) throw new Error(`cannot bear ${String(message)}`);
    };
    await expect(loop()).rejects.toThrow("cannot bear a");
    expect(await connection.receive()).toBe("b");
  });

  test("never overlaps: the next message waits for an async body", async () => {
    const { peer, connection } = await meet();
    const log: string[] = [];
    peer.say("a", "b", "c");
    peer.close();
    for await (const message of connection) {
      log.push(`begin ${String(message)}`);
      await nextTurn();
      log.push(`end ${String(message)}`);
    }
    expect(log).toEqual(["begin a", "end a", "begin b", "end b", "begin c", "end c"]);
  });
});

describe("two readers at once", () => {
  const alreadyReading = { name: "ConnectionError", code: "already-reading" };

  test("are refused: receive() beside a receive() that waits, which goes on", async () => {
    const { peer, connection } = await meet();
    const first = connection.receive();
    await expect(connection.receive()).rejects.toMatchObject(alreadyReading);
    peer.say("for the first");
    expect(await first).toBe("for the first");
  });

  test("are refused: a handler beside a loop that waits", async () => {
    const { peer, connection } = await meet();
    const loop = collect(connection);
    expect(() => connection.handle({})).toThrow(expect.objectContaining(alreadyReading));
    peer.say("a");
    peer.close();
    expect(await loop).toEqual(["a"]);
  });

  test("are refused: a loop, a receive() and a handler beside a handler", async () => {
    const { peer, connection } = await meet();
    const heard = defer<Message>();
    connection.handle({ message: (_, message) => heard.resolve(message) });
    await expect(collect(connection)).rejects.toMatchObject(alreadyReading);
    await expect(connection.receive()).rejects.toMatchObject(alreadyReading);
    expect(() => connection.handle({})).toThrow(expect.objectContaining(alreadyReading));
    peer.say("for the handler");
    expect(await heard.promise).toBe("for the handler");
  });
});

describe("an iterator of messages", () => {
  test("that is returned while it waits ends, and the next message goes to the next reader", async () => {
    const { peer, connection } = await meet();
    const iterator = connection[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    peer.say("next");
    expect(await connection.receive()).toBe("next");
  });

  test("that is returned does not take the turn of another reader", async () => {
    const { peer, connection } = await meet();
    const iterator = connection[Symbol.asyncIterator]();
    peer.say("a");
    await iterator.next();
    const other = connection.receive();
    await iterator.return?.();
    peer.say("b");
    expect(await other).toBe("b");
  });
});
