import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { Connection, ReadBuffer, resolveConnectionOptions, WriteSlabPool } from "../../src/connection/index.js";
import { ControlledBlob } from "../support/controlled-blob.js";
import { meet } from "../support/meeting.js";
import { close, masked, ping, text } from "../support/raw-peer.js";
import { transportPaths } from "../support/transport-paths.js";
import { nextTurn, until } from "../support/turns.js";

describe("RFC 6455 §7.1.2: close()", () => {
  test("sends a close frame, waits for the peer's and then ends the socket first", async () => {
    const { peer, connection } = await meet();
    const closed = connection.close(4000, "enough");
    expect(await peer.hear()).toEqual({ close: 4000, reason: "enough" });
    peer.close(4000);
    // RFC 6455 §7.1.1: the server ends the TCP connection first; the client has not ended its side yet.
    expect(await peer.hear()).toBeUndefined();
    peer.raw.end();
    expect(await closed).toEqual({ code: 4000, reason: "enough", by: "us", clean: true, error: undefined });
  });

  test("says 1000 without a reason by default", async () => {
    const { peer, connection } = await meet();
    void connection.close();
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
  });

  test("may be called as often as one likes: one frame, one promise, and the first code holds", async () => {
    const { peer, connection } = await meet();
    const first = connection.close(4001, "first");
    const second = connection.close(4002, "second");
    expect(second).toBe(first);
    expect(connection.closed).toBe(first);
    peer.close(4003, "third");
    expect(await peer.leave()).toEqual([{ close: 4001, reason: "first" }]);
    expect(await first).toMatchObject({ code: 4001, reason: "first" });
    expect(connection.close(4004)).toBe(first);
  });

  test("lets what was sent before it go out first", async () => {
    const { peer, connection } = await meet();
    for (let i = 0; i < 3; i++) void connection.send("x".repeat(50_000));
    void connection.close();
    for (let i = 0; i < 3; i++) expect(await peer.hear()).toEqual({ text: "x".repeat(50_000) });
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
  });

  test.each([
    [1000, ""],
    [1003, "é".repeat(61)],
    [1007, "x".repeat(123)],
    [1014, "⚓"],
    [3000, ""],
    [4999, "a\0b"],
  ])("RFC 6455 §7.4: takes code %i and a reason of up to 123 bytes", async (code, reason) => {
    const { peer, connection } = await meet();
    void connection.close(code, reason);
    expect(await peer.hear()).toEqual({ close: code, reason });
  });

  test.each([0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65_536, -1, 1000.5, Number.NaN])(
    "RFC 6455 §7.4: throws a RangeError for code %d, and the connection stays open",
    async (code) => {
      const { peer, connection } = await meet();
      expect(() => connection.close(code)).toThrow(RangeError);
      await connection.send("still open");
      expect(await peer.hear()).toEqual({ text: "still open" });
    },
  );

  test("RFC 6455 §5.5: throws a RangeError for a reason of 124 bytes", async () => {
    const { connection } = await meet();
    expect(() => connection.close(1000, "é".repeat(62))).toThrow(
      "close reason takes 124 bytes in UTF-8; at most 123 fit",
    );
    expect(connection.state).toBe("open");
  });

  test("drops the messages that the peer still sends before it answers, and answers its pings (§5.5.2)", async () => {
    const { peer, connection } = await meet();
    const heard: unknown[] = [];
    connection.handle({ message: (_, message) => heard.push(message) });
    const closed = connection.close();
    peer.send(text("late"), ping("late"), text("later"), close(1000));
    expect(await peer.leave()).toEqual([{ close: 1000, reason: "" }, { pong: "late" }]);
    expect(await closed).toMatchObject({ clean: true });
    expect(heard).toEqual([]);
  });

  test("sees the answer behind messages that nobody has read", async () => {
    const { peer, connection } = await meet();
    peer.say("a", "b", "c");
    await nextTurn();
    const closed = connection.close();
    peer.close(1000);
    await peer.leave();
    expect(await closed).toMatchObject({ code: 1000, clean: true });
  });

  test("called in the middle of a packet drops the messages behind", async () => {
    const { peer, connection } = await meet();
    const heard: unknown[] = [];
    connection.handle({
      message: (socket, message) => {
        heard.push(message);
        void socket.close(4000);
      },
    });
    peer.say("a", "b", "c");
    expect(await peer.hear()).toEqual({ close: 4000, reason: "" });
    peer.close(4000);
    await peer.leave();
    expect(heard).toEqual(["a"]);
  });
});

describe("RFC 6455 §5.5.1: a close frame from the peer", () => {
  test.each([
    [1000, "bye"],
    [1001, ""],
    [1011, "⚓".repeat(41)],
    [3999, ""],
    [4999, ""],
  ])("with code %i is answered with the same code, and `closed` says code and reason", async (code, reason) => {
    const { peer, connection } = await meet();
    peer.close(code, reason);
    expect(await peer.leave()).toEqual([{ close: code, reason: "" }]);
    expect(await connection.closed).toEqual({ code, reason, by: "peer", clean: true, error: undefined });
  });

  test("without a code is answered by one without, and reads as 1005", async () => {
    const { peer, connection } = await meet();
    peer.close();
    expect(await peer.leave()).toEqual([{ close: undefined, reason: "" }]);
    expect(await connection.closed).toEqual({ code: 1005, reason: "", by: "peer", clean: true, error: undefined });
  });

  test("is answered behind everything that was sent before", async () => {
    const { peer, connection } = await meet();
    connection.handle({ message: (socket, message) => socket.write(message) });
    peer.send(text("a"), text("b"), close(1000));
    expect(await peer.leave()).toEqual([{ text: "a" }, { text: "b" }, { close: 1000, reason: "" }]);
  });

  test("that crosses ours on the way ends the connection cleanly, with our code", async () => {
    const { peer, connection } = await meet();
    const closed = connection.close(4001);
    peer.close(4002, "crossing");
    expect(await peer.leave()).toEqual([{ close: 4001, reason: "" }]);
    expect(await closed).toEqual({ code: 4001, reason: "", by: "us", clean: true, error: undefined });
  });

  test("cut anywhere is taken when it is whole", async () => {
    const { peer, connection } = await meet();
    await peer.raw.drip(masked(close(4000, "slow")));
    expect(await peer.leave()).toEqual([{ close: 4000, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 4000, reason: "slow", clean: true });
  });
});

describe("closeTimeoutMs", () => {
  test("ends a close that the peer never answers", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    const info = await connection.close(1001, "bye");
    expect(info).toMatchObject({ code: 1001, reason: "bye", by: "us", clean: false, error: { code: "close-timeout" } });
    expect(info.error?.message).toContain("closeTimeoutMs (50)");
    await peer.raw.ended;
  });

  test("ends a close whose peer goes on talking, which nobody hears", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    const closed = connection.close();
    const talk = setInterval(() => peer.say("and another thing"), 1);
    const info = await closed;
    clearInterval(talk);
    expect(info).toMatchObject({ clean: false, error: { code: "close-timeout" } });
  });

  test("ends the socket of a peer that closed and never ends its side", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    peer.close(1000);
    expect(await peer.hearAll()).toEqual([{ close: 1000, reason: "" }]);
    expect(await connection.closed).toEqual({ code: 1000, reason: "", by: "peer", clean: true, error: undefined });
  });

  test("ends the socket of a peer at fault that never ends its side", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    peer.send({ opcode: 0x3 });
    expect(await peer.hear()).toEqual({ close: 1002, reason: "reserved-opcode" });
    expect(await connection.closed).toMatchObject({ code: 1002, error: { code: "protocol-fault" } });
  });
});

describe("terminate()", () => {
  test("destroys the socket at once, without a close frame", async () => {
    const { peer, connection } = await meet();
    connection.terminate();
    expect(connection.state).toBe("closing");
    expect(await peer.hearAll()).toEqual([]);
    expect(await connection.closed).toEqual({ code: 1006, reason: "", by: "us", clean: false, error: undefined });
    expect(connection.state).toBe("closed");
  });

  test("cuts a close short, which keeps its code", async () => {
    const { peer, connection } = await meet();
    const closed = connection.close(4000);
    expect(await peer.hear()).toEqual({ close: 4000, reason: "" });
    connection.terminate();
    expect(await closed).toEqual({ code: 4000, reason: "", by: "us", clean: false, error: undefined });
  });

  test("does nothing the second time, or after the end", async () => {
    const { connection } = await meet();
    connection.terminate();
    connection.terminate();
    const info = await connection.closed;
    connection.terminate();
    expect(await connection.closed).toBe(info);
  });

  test("from within a handler stops the rest of the packet", async () => {
    const { peer, connection } = await meet();
    const heard: unknown[] = [];
    connection.handle({
      message: (socket, message) => {
        heard.push(message);
        socket.terminate();
      },
    });
    peer.say("a", "b");
    await connection.closed;
    expect(heard).toEqual(["a"]);
  });
});

describe("state", () => {
  test("goes from open through closing to closed when we close", async () => {
    const { peer, connection } = await meet();
    expect(connection.state).toBe("open");
    const closed = connection.close();
    expect(connection.state).toBe("closing");
    peer.close(1000);
    await peer.leave();
    await closed;
    expect(connection.state).toBe("closed");
  });

  test("is closing from the peer's close frame until the socket is gone", async () => {
    const { peer, connection } = await meet();
    peer.close(1000);
    await peer.hearAll();
    expect(connection.state).toBe("closing");
    peer.raw.end();
    await connection.closed;
    expect(connection.state).toBe("closed");
  });

  test("is closed when the handler's `close` is called, and open when its `open` is", async () => {
    const { peer, connection } = await meet();
    const states: string[] = [];
    connection.handle({
      open: (socket) => states.push(socket.state),
      close: (socket) => states.push(socket.state),
    });
    peer.close();
    await peer.leave();
    await until(() => states.length === 2);
    expect(states).toEqual(["open", "closed"]);
  });
});

describe("the end of a connection", () => {
  test("is waited for by messages that were sent before close(), also when the peer closes at the same time", async () => {
    const { peer, connection } = await meet();
    const blob = new ControlledBlob();
    const sent = connection.send(blob);
    const closed = connection.close(1000);
    peer.close(4000, "mine");
    await nextTurn();
    await nextTurn();
    blob.give("not lost");
    await sent;
    expect(await peer.leave()).toEqual([
      { binary: Buffer.from("not lost").toString("hex") },
      { close: 1000, reason: "" },
    ]);
    expect(await closed).toMatchObject({ code: 1000, by: "us", clean: true });
  });

  test("is not clean when our close frame never left, for the peer read nothing", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 100, maxBufferedBytes: Infinity });
    peer.raw.stopReading();
    const block = new Uint8Array(64 * 1024);
    while (connection.bufferedBytes < 1024 * 1024) connection.write(block);
    peer.close(1000);
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1000, by: "peer", clean: false, error: { code: "close-timeout" } });
  });

  test("is seen though the peer's end came before the connection was made", async () => {
    const socket = new PassThrough({ allowHalfOpen: true });
    socket.resume();
    socket.push(null);
    await once(socket, "end");
    const setup = {
      socket,
      options: resolveConnectionOptions({}),
      readBuffer: new ReadBuffer(1024),
      writeSlabs: new WriteSlabPool(1024),
      maskKeys: undefined,
    };
    const details = { remote: "", local: "", subprotocol: "", url: "/", headers: {}, data: undefined };
    const connection = new Connection(setup, details, () => {}, Buffer.alloc(0));
    expect(await connection.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
  });
});

describe.each(transportPaths)("what is queued when the peer ends its side, on $title", ({ join = {}, setup }) => {
  test.each([
    ["behind a close frame", true],
    ["without one", false],
  ])("goes out all the same, %s", async (_, says) => {
    const { peer, connection } = await meet({ maxBufferedBytes: Infinity }, join, setup?.());
    peer.raw.stopReading();
    const long = "x".repeat(1024 * 1024);
    for (let i = 0; i < 12; i++) connection.write(long);
    await until(() => connection.needsDrain);
    connection.write("the last word");
    if (says) peer.close(1000);
    peer.raw.end();
    if (says) await until(() => connection.state === "closing");
    else for (let i = 0; i < 20; i++) await nextTurn();
    peer.raw.readOn();
    for (let i = 0; i < 12; i++) expect(await peer.hear()).toEqual({ text: long });
    expect(await peer.hear()).toEqual({ text: "the last word" });
    if (says) expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    expect(await connection.closed).toMatchObject({ code: says ? 1000 : 1006, clean: says });
  });
});
