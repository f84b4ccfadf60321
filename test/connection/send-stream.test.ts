import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { describe, expect, test, vi } from "vitest";
import type { MessageSource } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { ControlledBlob } from "../support/controlled-blob.js";
import { meet } from "../support/meeting.js";
import { ping } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const MIB = 1024 * KIB;

const hex = (text: string): string => Buffer.from(text).toString("hex");

async function* from(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) {
    await nextTurn();
    yield piece;
  }
}

/** Gives `pieces`, then fails. */
async function* failing(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces;
  await nextTurn();
  throw new Error("the source failed");
}

describe("RFC 6455 §5.4: send() of a source", () => {
  test.each<[string, () => MessageSource]>([
    ["an async generator", () => from("one ", "two")],
    ["a ReadableStream", () => ReadableStream.from(from("one ", "two")) as ReadableStream<string>],
    ["a stream of Node's", () => Readable.from(["one ", "two"])],
  ])("sends each piece of %s as a fragment, and an empty one at the end", async (_, source) => {
    const { peer, connection } = await meet();
    await connection.send(source());
    expect(await peer.hear()).toEqual({ fragment: hex("one "), opcode: 1, isFinal: false });
    expect(await peer.hear()).toEqual({ fragment: hex("two"), opcode: 0, isFinal: false });
    expect(await peer.hear()).toEqual({ fragment: "", opcode: 0, isFinal: true });
  });

  test("sends each piece as soon as it comes", async () => {
    const { peer, connection } = await meet();
    const gate = defer<void>();
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      await gate.promise;
      yield Uint8Array.of(2);
    }
    const sent = connection.send(source());
    expect(await peer.hear()).toEqual({ fragment: "01", opcode: 2, isFinal: false });
    gate.resolve();
    await sent;
    expect(await peer.hear()).toEqual({ fragment: "02", opcode: 0, isFinal: false });
  });

  test.each<[string, MessageSource, unknown[]]>([
    ["no piece at all is an empty binary message", from(), [{ binary: "" }]],
    ["an empty text is an empty text message", from(""), [{ text: "" }]],
    ["empty pieces send nothing", from("", "a", ""), [{ fragment: "61", opcode: 1, isFinal: false }]],
  ])("whose content is %s", async (_, source, expected) => {
    const { peer, connection } = await meet();
    void connection.send(source);
    for (const said of expected) expect(await peer.hear()).toEqual(said);
  });

  test("keeps a character whole that two pieces cut, and sends a lone surrogate at the end as U+FFFD", async () => {
    const { peer, connection } = await meet();
    const [high, low] = ["😀".charAt(0), "😀".charAt(1)];
    void connection.send(from(`a${high}`, `${low}b${high}`));
    const payload: string[] = [];
    for (let i = 0; i < 3; i++) {
      const said = await peer.hear();
      if (said !== undefined && "fragment" in said) payload.push(said.fragment);
    }
    expect(Buffer.from(payload.join(""), "hex").toString()).toBe("a😀b\u{fffd}");
  });

  test("holds back what is sent meanwhile, but no pong", async () => {
    const { peer, connection } = await meet();
    const gate = defer<void>();
    async function* source(): AsyncGenerator<string> {
      yield "begun";
      await gate.promise;
    }
    void connection.send(source());
    void connection.send("after");
    connection.write(Uint8Array.of(7));
    expect(await peer.hear()).toEqual({ fragment: hex("begun"), opcode: 1, isFinal: false });
    peer.send(ping("now"));
    expect(await peer.hear()).toEqual({ pong: "now" });
    gate.resolve();
    expect(await peer.hear()).toEqual({ fragment: "", opcode: 0, isFinal: true });
    expect(await peer.hear()).toEqual({ text: "after" });
    expect(await peer.hear()).toEqual({ binary: "07" });
  });

  test("is not held up by what stands in line behind it, however much that is", async () => {
    const { peer, connection } = await meet({ highWaterMark: 1000 });
    void connection.send(from("one ", "two"));
    for (let i = 0; i < 3; i++) connection.write("x".repeat(1000));
    expect(connection.needsDrain).toBe(true);
    expect(await peer.hear()).toEqual({ fragment: hex("one "), opcode: 1, isFinal: false });
    expect(await peer.hear()).toEqual({ fragment: hex("two"), opcode: 0, isFinal: false });
    expect(await peer.hear()).toEqual({ fragment: "", opcode: 0, isFinal: true });
    for (let i = 0; i < 3; i++) expect(await peer.hear()).toEqual({ text: "x".repeat(1000) });
    await until(() => !connection.needsDrain);
  });

  test("is finished before the close frame that was asked for meanwhile", async () => {
    const { peer, connection } = await meet();
    void connection.send(from("a", "b"));
    void connection.close(1000);
    const all = [await peer.hear(), await peer.hear(), await peer.hear(), await peer.hear()];
    expect(all.map((said) => said !== undefined && "fragment" in said)).toEqual([true, true, true, false]);
    expect(all.at(-1)).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    await peer.leave();
  });

  test("waits for room: a source of any length takes little memory", async () => {
    const { peer, connection } = await meet();
    peer.raw.stopReading();
    const pieces = 32;
    let asked = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; asked < pieces; asked++) yield new Uint8Array(MIB);
    }
    const sent = connection.send(source());
    await until(() => connection.needsDrain);
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(asked).toBeLessThan(pieces / 2);
    peer.raw.discard();
    peer.raw.readOn();
    await sent;
    expect(asked).toBe(pieces);
  });

  test("rejects with what the source throws before its first piece, and the connection goes on", async () => {
    const { peer, connection } = await meet();
    await expect(connection.send(failing())).rejects.toThrow("the source failed");
    await connection.send("still here");
    expect(await peer.hear()).toEqual({ text: "still here" });
  });

  test.each<[string, () => MessageSource]>([
    ["throws", () => failing("begun")],
    ["changes its type", () => from("text", Uint8Array.of(1))],
    ["gives what cannot be sent", () => from("text", 5 as never)],
  ])(
    "ends the connection with 1011 when the source %s in the middle, for the message cannot be completed",
    async (_, source) => {
      const { peer, connection, server } = await meet();
      await expect(connection.send(source())).rejects.toThrow(/source|cannot send/);
      expect((await peer.leave()).at(-1)).toEqual({ close: 1011, reason: "" });
      expect(await connection.closed).toMatchObject({ error: { code: "handler-failed" } });
      expect(server.errors.splice(0)).toHaveLength(1);
    },
  );

  test("tells the source when the connection ends, and rejects with not-open", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    const stream = new Readable({ read() {} });
    const destroyed = defer<void>();
    stream.once("close", () => destroyed.resolve());
    stream.push("begun");
    const sent = connection.send(stream);
    await peer.hear();
    peer.raw.end();
    await connection.closed;
    stream.push("too late");
    await expect(sent).rejects.toMatchObject({ code: "not-open" });
    await destroyed.promise;
  });

  test("stands in line behind a Blob, and is not begun when the connection ends before", async () => {
    const { connection } = await meet();
    const blob = new ControlledBlob();
    void connection.send(blob);
    const begin = vi.fn(() => from("a")[Symbol.asyncIterator]());
    const sent = connection.send({ [Symbol.asyncIterator]: begin });
    connection.terminate();
    await connection.closed;
    blob.give("late");
    await expect(sent).rejects.toMatchObject({ code: "not-open" });
    expect(begin).not.toHaveBeenCalled();
  });
});

describe("createWritable()", () => {
  test("is one message, ended by close()", async () => {
    const { peer, connection } = await meet();
    const writer = connection.createWritable().getWriter();
    await writer.write("one ");
    await writer.write("two");
    await writer.close();
    const payload: string[] = [];
    for (let isFinal = false; !isFinal;) {
      const said = await peer.hear();
      if (said === undefined || !("fragment" in said)) throw new Error("no fragment");
      payload.push(said.fragment);
      isFinal = said.isFinal;
    }
    expect(payload.join("")).toBe(hex("one two"));
    await connection.send("next");
    expect(await peer.hear()).toEqual({ text: "next" });
  });

  test("can be piped into, and waits for room", async () => {
    const { peer, connection } = await meet();
    peer.raw.stopReading();
    let asked = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; asked < 32; asked++) yield new Uint8Array(MIB);
    }
    const piped = ReadableStream.from(source()).pipeTo(connection.createWritable());
    await until(() => connection.needsDrain);
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(asked).toBeLessThan(16);
    peer.raw.discard();
    peer.raw.readOn();
    await piped;
    expect(asked).toBe(32);
  });

  test("aborted after its first piece ends the connection with 1011, aborted before it nothing", async () => {
    const { peer, connection, server } = await meet();
    await connection.createWritable().abort(new Error("changed my mind"));
    await connection.send("still here");
    expect(await peer.hear()).toEqual({ text: "still here" });
    const writer = connection.createWritable().getWriter();
    await writer.write("begun");
    await peer.hear();
    await writer.abort(new Error("changed my mind"));
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(server.errors.splice(0)).toEqual([new Error("changed my mind")]);
  });

  test("rejects a write when the connection has ended", async () => {
    const { connection } = await meet();
    const writer = connection.createWritable().getWriter();
    connection.terminate();
    await connection.closed;
    await nextTurn();
    await expect(writer.write("late")).rejects.toMatchObject({ code: "not-open" });
    await expect(writer.closed).rejects.toMatchObject({ code: "not-open" });
  });
});
