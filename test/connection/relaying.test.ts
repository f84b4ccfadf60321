import { describe, expect, test } from "vitest";
import { connect } from "../../src/client/index.js";
import type { Connection } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { meet } from "../support/meeting.js";
import { binary, continuation, ping, RawPeer, text } from "../support/raw-peer.js";
import { disguise, transportPaths } from "../support/transport-paths.js";
import { nextTurn } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";

const KIB = 1024;

const texts: readonly string[] = [
  "",
  "a",
  "x".repeat(125),
  "x".repeat(126),
  "é€😀\u{10ffff}\u{feff}",
  "€".repeat(42),
  "€".repeat(1_000),
  "x".repeat(1_025),
  "x".repeat(33 * KIB),
  "€".repeat(50 * KIB),
  "x".repeat(65_536),
  "y".repeat(300 * KIB),
];

describe.each(transportPaths)("a text that a handler sends on, on $title", ({ join = {}, setup = () => ({}) }) => {
  test("arrives as it came, at whoever it is sent to, as often as it is", async () => {
    const { peer, connection, server } = await meet({}, join, setup());
    const friend = await RawPeer.join(server.port, join);
    const other = await server.accepted();
    connection.handle({
      message: (socket, message) => {
        other.write(message);
        socket.write("before");
        socket.write(message);
        void socket.send(message);
      },
    });
    for (const each of texts) {
      peer.say(each, "and another", each);
      for (const said of [each, "and another", each]) {
        expect(await friend.hear()).toEqual({ text: said });
        for (const heard of ["before", said, said]) expect(await peer.hear()).toEqual({ text: heard });
      }
    }
  });

  test("arrives as it came when it came in fragments, or was kept for later", async () => {
    const { peer, connection } = await meet({}, join, setup());
    const kept: string[] = [];
    connection.handle({
      message: (socket, message) => {
        kept.push(message as string);
        for (const each of kept) socket.write(each);
      },
    });
    peer.send(text("first in ", false), continuation("fragments"));
    expect(await peer.hear()).toEqual({ text: "first in fragments" });
    for (const [index, said] of ["second whole one..", "third one, longer", "fragments"].entries()) {
      peer.say(said);
      const expected = ["first in fragments", "second whole one..", "third one, longer", "fragments"].slice(
        0,
        index + 2,
      );
      for (const each of expected) expect(await peer.hear()).toEqual({ text: each });
    }
  });

  test("waits for a peer that does not read, and nothing that comes later gets into it", async () => {
    const { peer, connection, server } = await meet({}, join, setup());
    const deaf = await RawPeer.join(server.port, join);
    const other = await server.accepted();
    deaf.raw.stopReading();
    connection.handle({ message: (_socket, message) => void other.send(message) });
    const sent: string[] = [];
    while (other.bufferedBytes < 2 * KIB * KIB) {
      const message = String.fromCharCode(97 + (sent.length % 26)).repeat([700 * KIB, 100, 40 * KIB][sent.length % 3]!);
      sent.push(message);
      peer.send(text(message), ping());
      expect(await peer.hear()).toEqual({ pong: "" });
    }
    deaf.raw.readOn();
    for (const each of sent) expect((await deaf.hear()) as unknown).toEqual({ text: each });
  });
});

describe("the bytes of a message that was given out", () => {
  test("serve for nothing once its handler has returned: others lie there by then", async () => {
    const { peer, connection } = await meet({}, {}, { bare: true });
    connection.handle({ message: () => {} });
    peer.send(text("a text of some bytes"), ping());
    expect(await peer.hear()).toEqual({ pong: "" });
    peer.send(ping("what overwrites all of them"));
    expect(await peer.hear()).toEqual({ pong: "what overwrites all of them" });
    connection.write("a text of some bytes");
    expect(await peer.hear()).toEqual({ text: "a text of some bytes" });
  });

  test("nor once it has thrown", async () => {
    const { peer, connection, server } = await meet({}, {}, { bare: true });
    const second = await RawPeer.join(server.port);
    const other = await server.accepted();
    connection.handle({
      message: () => {
        throw new Error("cannot bear it");
      },
    });
    peer.say("a text of some bytes");
    expect(await peer.hear()).toMatchObject({ close: 1011 });
    second.send(ping("what overwrites all of them"));
    expect(await second.hear()).toEqual({ pong: "what overwrites all of them" });
    other.write("a text of some bytes");
    expect(await second.hear()).toEqual({ text: "a text of some bytes" });
    expect(server.errors.splice(0)).toHaveLength(1);
  });

  test("nor while it waits: a handler that goes on later sends what it was given", async () => {
    const { peer, connection, server } = await meet({}, {}, { bare: true });
    const second = await RawPeer.join(server.port);
    const other = await server.accepted();
    const later = defer<void>();
    connection.handle({
      message: async (socket, message) => {
        await later.promise;
        await socket.send(message);
      },
    });
    other.handle({ message: (socket, message) => socket.write(message) });
    peer.say("a text of some bytes");
    second.say("other text, no shorter");
    expect(await second.hear()).toEqual({ text: "other text, no shorter" });
    later.resolve();
    expect(await peer.hear()).toEqual({ text: "a text of some bytes" });
  });
});

describe("a borrowed message that a handler sends on", () => {
  const message = Buffer.from("a few bytes that are borrowed");

  test("is sent as it is when it is sent: whole, changed, in parts", async () => {
    const { peer, connection } = await meet({}, {}, { bare: true });
    connection.handle({
      borrows: true,
      message: (socket, borrowed) => {
        const bytes = borrowed as Uint8Array;
        socket.write(bytes);
        bytes[0] = 0x41;
        socket.write(bytes);
        socket.write(bytes.subarray(2));
        socket.write(new Uint8Array(bytes));
      },
    });
    peer.send(binary(message), binary(message));
    const changed = Buffer.from(message);
    changed[0] = 0x41;
    for (let i = 0; i < 2; i++) {
      for (const expected of [message, changed, changed.subarray(2), changed]) {
        expect(await peer.hear()).toEqual({ binary: expected.toString("hex") });
      }
    }
  });

  test("is nothing any more once its memory was transferred", async () => {
    const { peer, connection, server } = await meet({}, {}, disguise);
    connection.handle({
      borrows: true,
      message: (socket, borrowed) => {
        const { buffer } = borrowed as Uint8Array<ArrayBuffer>;
        structuredClone(buffer, { transfer: [buffer] });
        socket.write(borrowed);
      },
    });
    // The longest that is copied; what is shorter may come in memory of a pool of Node's, which cannot be transferred.
    peer.send(binary(Buffer.alloc(32 * KIB, 1)));
    expect(await peer.hear()).toMatchObject({ close: 1011 });
    expect(server.errors.splice(0)).toEqual([expect.any(TypeError)]);
  });
});

test("a long text that is sent on stays as it is, whatever becomes of the messages that came with it", async () => {
  const { peer, connection } = await meet({}, {}, disguise);
  connection.handle({
    borrows: true,
    message: (socket, message) => {
      if (typeof message === "string") void socket.send(message);
      else structuredClone(message.buffer, { transfer: [message.buffer as ArrayBuffer] });
    },
  });
  peer.send(text("t".repeat(40 * KIB)), binary(Buffer.alloc(100)));
  expect(await peer.hear()).toEqual({ text: "t".repeat(40 * KIB) });
});

test("a client sends a text on as it came, masked", async () => {
  const server = await startUpgrader({}, { bare: true });
  const echo = { message: (socket: Connection, message: string | Uint8Array) => void socket.send(message) };
  await using client = await connect(`ws://127.0.0.1:${server.port}/`);
  client.handle(echo);
  const connection = await server.accepted();
  for (const each of texts) {
    await connection.send(each);
    expect(await connection.receive()).toBe(each);
  }
});

test("a compressed text that a handler sends on is still what came, when another connection's has been inflated meanwhile", async () => {
  const said = "what this one has said ".repeat(2);
  const told = "what only the other knows ".repeat(3);
  const server = await startUpgrader({ compression: true }); // it sends on as they are what is so short
  const address = `ws://127.0.0.1:${server.port}/`;
  const other = await connect(address, { compression: true });
  const read = await server.accepted();
  const client = await connect(address, { compression: true });
  const connection = await server.accepted();
  const held: Promise<unknown>[] = [];
  connection.handle({
    message: (socket, message) => {
      held.push(read.receive({ timeoutMs: 0 }), read.receive({ timeoutMs: 0 }));
      socket.write(message);
    },
  });
  void other.send("first");
  await other.send(told, { compress: true });
  for (let i = 0; i < 20; i++) await nextTurn(); // it is there, and waits to be inflated
  await client.send(said, { compress: true });
  expect(await client.receive()).toBe(said);
  expect(await Promise.all(held)).toEqual(["first", told]);
});
