import type { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { connect } from "../../src/client/index.js";
import { ControlledBlob } from "../support/controlled-blob.js";
import { meet } from "../support/meeting.js";
import { RawPeer, text } from "../support/raw-peer.js";
import { handleOf } from "../support/socket-handle.js";
import { nextTurn, until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";

const bytes = Uint8Array.of(1, 2, 3, 4);

/** Counts the writes to the kernel that `socket` makes from now on. */
function spyOnWrites(socket: Socket): () => number {
  const handle = handleOf(socket);
  const writes = [vi.spyOn(handle, "writeBuffer"), vi.spyOn(handle, "writev")];
  return () => writes.reduce((count, { mock }) => count + mock.calls.length, 0);
}

describe("send", () => {
  test.each([
    ["a string as text", "⚓ hello", { text: "⚓ hello" }],
    ["an empty string", "", { text: "" }],
    ["a Uint8Array as binary", bytes, { binary: "01020304" }],
    ["part of a larger buffer", bytes.subarray(1, 3), { binary: "0203" }],
    ["a Buffer", Buffer.from("hi"), { binary: "6869" }],
    ["an ArrayBuffer", bytes.buffer, { binary: "01020304" }],
    ["a DataView", new DataView(bytes.buffer, 1, 2), { binary: "0203" }],
    ["an array of wider numbers", Uint16Array.of(0x0102), { binary: "0201" }],
    ["no bytes at all", new Uint8Array(0), { binary: "" }],
    ["a Blob", new Blob(["from a blob"]), { binary: Buffer.from("from a blob").toString("hex") }],
    ["a lone surrogate as U+FFFD, for text is UTF-8", "a\ud800b", { text: "a\u{fffd}b" }],
  ])("sends %s", async (_, message, said) => {
    const { peer, connection } = await meet();
    await connection.send(message);
    expect(await peer.hear()).toEqual(said);
    expect(connection.write(message)).toBe(true);
    expect(await peer.hear()).toEqual(said);
  });

  test.each([
    ["a number", 5],
    ["null", null],
    ["undefined", undefined],
    ["a boolean", true],
    ["an object", { toString: () => "text" }],
    ["an array", [1, 2, 3]],
    ["a promise", Promise.resolve("text")],
    ["a function", () => "text"],
    ["a symbol", Symbol("text")],
  ])("throws a TypeError for %s, and sends nothing", async (_, message) => {
    const { peer, connection } = await meet();
    expect(() => connection.send(message as never)).toThrow(TypeError);
    expect(() => connection.write(message as never)).toThrow(/^cannot send .*; send a string, Uint8Array/);
    await connection.send("still here");
    expect(await peer.hear()).toEqual({ text: "still here" });
  });

  test("writes every length form, at each of its bounds", async () => {
    const { peer, connection } = await meet();
    for (const length of [0, 1, 41, 42, 125, 126, 32_766, 32_768, 65_535, 65_536, 200_000]) {
      void connection.send("x".repeat(length));
      void connection.send(new Uint8Array(length));
      expect(await peer.hear()).toEqual({ text: "x".repeat(length) });
      expect(await peer.hear()).toEqual({ binary: "00".repeat(length) });
    }
  });

  test("keeps the order of everything, long and short, text, binary and Blob", async () => {
    const { peer, connection } = await meet();
    const expected: unknown[] = [];
    for (let i = 0; i < 30; i++) {
      const message = String(i).repeat(i % 3 === 0 ? 20_000 : 2);
      const isBlob = i % 7 === 0;
      void connection.send(isBlob ? new Blob([message]) : message);
      expected.push(isBlob ? { binary: Buffer.from(message).toString("hex") } : { text: message });
    }
    for (const said of expected) expect(await peer.hear()).toEqual(said);
  });

  test("copies a short message at once: it may be changed right away", async () => {
    const { peer, connection } = await meet();
    const message = Buffer.from("before");
    void connection.send(message);
    message.write("after!");
    expect(await peer.hear()).toEqual({ binary: Buffer.from("before").toString("hex") });
  });

  test.each([
    ["a message that has to be read", {}, () => new Blob(["long"])],
    ["one that takes long to compress", { compression: true }, () => "long ".repeat(20_000)],
  ])("copies a short message at once that waits behind %s", async (_, options, before) => {
    const server = await startUpgrader(options);
    const client = await connect(`ws://127.0.0.1:${server.port}/`, options);
    const connection = await server.accepted();
    const counter = Buffer.alloc(4);
    connection.write(before());
    for (let i = 1; i <= 3; i++) {
      counter.writeUInt32BE(i);
      connection.write(counter);
    }
    const half = Buffer.alloc(32 * 1024, 1); // of writeBufferSize
    connection.write(half);
    half.fill(2);
    await client.receive();
    for (let i = 1; i <= 3; i++) expect(await client.receive()).toEqual(new Uint8Array([0, 0, 0, i]));
    expect(await client.receive()).toEqual(new Uint8Array(half.length).fill(1));
  });

  test("from within a callback for a message goes out with the answers of the whole read, in one write", async () => {
    const { peer, connection, server } = await meet();
    connection.handle({ message: (socket, message) => socket.write(message) });
    const writes = spyOnWrites(server.sockets[0] as Socket);
    peer.send(...Array.from({ length: 100 }, (_, i) => text(`message ${i}`)));
    for (let i = 0; i < 100; i++) expect(await peer.hear()).toEqual({ text: `message ${i}` });
    expect(writes()).toBe(1);
  });

  test("from a loop that echoes goes out in one write too", async () => {
    const { peer, connection, server } = await meet();
    const writes = spyOnWrites(server.sockets[0] as Socket);
    peer.send(...Array.from({ length: 100 }, (_, i) => text(`message ${i}`)));
    let count = 0;
    for await (const message of connection) {
      await connection.send(message);
      if (++count === 100) break;
    }
    for (let i = 0; i < 100; i++) expect(await peer.hear()).toEqual({ text: `message ${i}` });
    expect(writes()).toBe(1);
  });
});

describe("writeBufferSize", () => {
  test("gathers what one turn sends: 100 messages in one write, which the client reads at once", async () => {
    const { peer, connection, server } = await meet();
    const writes = spyOnWrites(server.sockets[0] as Socket);
    const readsBefore = peer.raw.reads;
    for (let i = 0; i < 100; i++) void connection.send(`message ${i}`);
    expect(writes()).toBe(0);
    for (let i = 0; i < 100; i++) expect(await peer.hear()).toEqual({ text: `message ${i}` });
    expect(writes()).toBe(1);
    expect(peer.raw.reads - readsBefore).toBe(1);
  });

  test("writes sooner when a turn fills it", async () => {
    const { peer, connection, server } = await meet({ writeBufferSize: 256 });
    const writes = spyOnWrites(server.sockets[0] as Socket);
    for (let i = 0; i < 100; i++) void connection.send("x".repeat(62)); // 64 bytes with the header, so 25 buffers
    for (let i = 0; i < 100; i++) expect(await peer.hear()).toEqual({ text: "x".repeat(62) });
    expect(writes()).toBe(25);
  });

  test("limits no message, whatever its size and type", async () => {
    const { peer, connection } = await meet({ writeBufferSize: 256 });
    for (const length of [41, 42, 126, 128, 129, 252, 253, 300, 70_000]) {
      void connection.send("é".repeat(length));
      void connection.send(new Uint8Array(length));
      expect(await peer.hear()).toEqual({ text: "é".repeat(length) });
      expect(await peer.hear()).toEqual({ binary: "00".repeat(length) });
    }
  });

  test("is shared: what one turn sends to many connections reaches each whole", async () => {
    const meeting = await meet({ writeBufferSize: 256 });
    const peers = [meeting.peer];
    const connections = [meeting.connection];
    for (let i = 1; i < 5; i++) {
      peers.push(await RawPeer.join(meeting.server.port));
      connections.push(await meeting.server.accepted());
    }
    for (let round = 0; round < 20; round++) {
      for (const [i, connection] of connections.entries()) void connection.send(`${round} to ${i}`);
    }
    for (const [i, peer] of peers.entries()) {
      for (let round = 0; round < 20; round++) expect(await peer.hear()).toEqual({ text: `${round} to ${i}` });
    }
  });
});

describe("a Blob", () => {
  test("holds back what is sent after it, close frames too, but no ping", async () => {
    const { peer, connection } = await meet();
    const blob = new ControlledBlob(4);
    void connection.send("before");
    const sent = connection.send(blob);
    void connection.send("after");
    void connection.ping("now");
    expect(await peer.hear()).toEqual({ text: "before" });
    expect(await peer.hear()).toEqual({ ping: "now" });
    const closed = connection.close(4000);
    expect(connection.state).toBe("closing");
    blob.give("blob");
    await sent;
    expect(await peer.hear()).toEqual({ binary: Buffer.from("blob").toString("hex") });
    expect(await peer.hear()).toEqual({ text: "after" });
    expect(await peer.hear()).toEqual({ close: 4000, reason: "" });
    peer.close(4000);
    await peer.leave();
    expect(await closed).toMatchObject({ code: 4000, clean: true });
  });

  test("counts as buffered while it is read", async () => {
    const { connection } = await meet();
    const blob = new ControlledBlob(4);
    const sent = connection.send(blob);
    expect(connection.bufferedBytes).toBe(4);
    blob.give("blob");
    await sent;
    await until(() => connection.bufferedBytes === 0);
  });

  test("that cannot be read rejects its send with the error, and the next message goes out", async () => {
    const { peer, connection } = await meet();
    const blob = new ControlledBlob();
    const sent = connection.send(blob);
    void connection.send("after");
    blob.content.reject(new Error("the file has changed"));
    await expect(sent).rejects.toThrow("the file has changed");
    expect(await peer.hear()).toEqual({ text: "after" });
    expect(connection.state).toBe("open");
  });

  test("that cannot be read ends the connection with 1011 when it was given to write, which has no promise", async () => {
    const { peer, connection, server } = await meet();
    const blob = new ControlledBlob();
    expect(connection.write(blob)).toBe(true);
    blob.content.reject(new Error("the file has changed"));
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 1011, by: "us" });
    expect(server.errors.splice(0)).toEqual([new Error("the file has changed")]);
  });

  test("that is still being read when the peer leaves rejects its send and is no failure of anybody's", async () => {
    for (const give of ["send", "write"] as const) {
      const { peer, connection, server } = await meet();
      const blob = new ControlledBlob(4);
      const sent = connection[give](blob);
      peer.raw.reset();
      await connection.closed;
      blob.give("late");
      if (give === "send") await expect(sent).rejects.toMatchObject({ code: "not-open" });
      await nextTurn();
      expect(server.errors).toEqual([]);
    }
  });

  test("that is still being read when the peer closes holds the answer back until the deadline", async () => {
    const { peer, connection, server } = await meet({ closeTimeoutMs: 50 });
    const blob = new ControlledBlob(4);
    connection.write(blob);
    void connection.receive();
    peer.close(1000);
    await until(() => connection.state === "closing");
    expect(await connection.closed).toMatchObject({ code: 1000, by: "peer", clean: false });
    blob.give("late");
    await nextTurn();
    expect(server.errors).toEqual([]);
  });

  test("that is still being read when the peer vanishes has the close frame go out without it", async () => {
    const { peer, connection } = await meet();
    connection.write(new ControlledBlob(4));
    const closed = connection.close(4000);
    peer.raw.end();
    expect(await peer.hearAll()).toEqual([{ close: 4000, reason: "" }]);
    expect(await closed).toMatchObject({ code: 4000, clean: false });
  });

  test("given to write while a fault ends the connection is no failure of ours", async () => {
    const { peer, connection, server } = await meet();
    const blob = new ControlledBlob(4);
    connection.write(blob);
    peer.send({ opcode: 0x3 });
    expect(await peer.hear()).toEqual({ close: 1002, reason: "reserved-opcode" });
    blob.give("late");
    await nextTurn();
    expect(server.errors).toEqual([]);
    await peer.leave();
  });
});

describe("what is sent when the connection is no longer open", () => {
  test("is refused: send rejects with not-open, write is false, and nobody needs to look", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const { peer, connection } = await meet();
      const closed = connection.close(1000);
      await expect(connection.send("late")).rejects.toMatchObject({ name: "ConnectionError", code: "not-open" });
      expect(connection.write("late")).toBe(false);
      void connection.send("not awaited");
      void connection.ping();
      peer.close(1000);
      expect(await peer.leave()).toEqual([{ close: 1000, reason: "" }]);
      await closed;
      await expect(connection.send("later")).rejects.toThrow("not sent: the connection was closed by us with 1000");
      void connection.send("not awaited");
      void connection.send(new Blob(["not awaited"]));
      void connection.receive();
      for (let i = 0; i < 3; i++) await nextTurn();
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  test("is refused with the error that ended it as the cause", async () => {
    const { peer, connection } = await meet();
    peer.raw.reset();
    const { error } = await connection.closed;
    const failed = await connection.send("late").catch((reason: unknown) => reason);
    expect(failed).toMatchObject({ code: "not-open", cause: error });
    expect(error).toMatchObject({ code: "connection-lost" });
  });
});
