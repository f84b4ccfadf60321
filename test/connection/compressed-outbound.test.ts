import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcast, prepare } from "../../src/connection/index.js";
import { compressionMemory } from "../../src/connection/deflate/compression-memory.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const sentence = "all work and no play makes Jack a dull boy; ".repeat(5);

describe("what a connection with compression sends", () => {
  test("RFC 7692 §6.1: has RSV1 and is inflated to what was given, text and binary", async () => {
    const { peer, connection } = await meetCompressed();
    void connection.send(sentence);
    void connection.send(Buffer.from(sentence));
    const first = (await peer.raw.hear()) as { compressed: string };
    expect(first).toMatchObject({ opcode: 0x1, isFinal: true });
    expect(first.compressed.length / 2).toBeLessThan(sentence.length / 2);
    expect(peer.deflate.unpack(Buffer.from(first.compressed, "hex")).toString()).toBe(sentence);
    const second = (await peer.raw.hear()) as { compressed: string };
    expect(second).toMatchObject({ opcode: 0x2, isFinal: true });
    expect(peer.deflate.unpack(Buffer.from(second.compressed, "hex")).toString()).toBe(sentence);
  });

  test("refers to the messages before, so that the same costs next to nothing", async () => {
    const { peer, connection } = await meetCompressed();
    for (let i = 0; i < 3; i++) void connection.send(sentence);
    await peer.raw.hear();
    for (let i = 0; i < 2; i++) {
      const said = (await peer.raw.hear()) as { compressed: string };
      expect(said.compressed.length / 2).toBeLessThan(20);
    }
  });

  test("is as it is below the threshold, unless one is told otherwise", async () => {
    const { peer, connection } = await meetCompressed({ compression: true });
    void connection.send("x".repeat(63));
    void connection.send("x".repeat(64));
    void connection.send("é".repeat(31));
    void connection.send("é".repeat(32));
    void connection.send("short", { compress: true });
    connection.write("x".repeat(1000), { compress: false });
    const heard = [];
    for (let i = 0; i < 6; i++) heard.push(Object.keys((await peer.raw.hear())!)[0]);
    expect(heard).toEqual(["text", "compressed", "text", "compressed", "compressed", "text"]);
  });

  test("is compressed by the same rules where it stands in line behind what has to be read first", async () => {
    const { peer, connection } = await meetCompressed({ compression: true });
    connection.write(new Blob([sentence]));
    connection.write(sentence);
    connection.write("short");
    connection.write(sentence.repeat(1_000)); // off the event loop
    connection.write(Buffer.from(sentence), { compress: false });
    connection.write(sentence, { secret: true });
    const heard = [];
    for (let i = 0; i < 6; i++) heard.push(Object.keys((await peer.raw.hear())!)[0]);
    expect(heard).toEqual(["compressed", "compressed", "text", "compressed", "binary", "text"]);
  });

  test("is not compressed where nothing was agreed", async () => {
    const { peer, connection } = await meet({ compression: true });
    expect(connection.extensions).toBe("");
    void connection.send(sentence, { compress: true });
    expect(await peer.hear()).toEqual({ text: sentence });
  });

  test("keeps a secret out of what is compressed, before and behind it", async () => {
    const { peer, connection } = await meetCompressed();
    const secret = randomBytes(100).toString("hex");
    void connection.send(secret, { secret: true, compress: true });
    connection.write(secret, { secret: true });
    expect(await peer.raw.hear()).toEqual({ text: secret });
    expect(await peer.raw.hear()).toEqual({ text: secret });
    // What an attacker makes us send of it is no shorter for the secret that went before.
    void connection.send(secret);
    const said = (await peer.raw.hear()) as { compressed: string };
    expect(said.compressed.length / 2).toBeGreaterThan(100);
  });

  test("is no longer compressed for a while when it does not shrink", async () => {
    const { peer, connection } = await meetCompressed();
    for (let i = 0; i < 30; i++) void connection.send(randomBytes(200));
    const kinds = [];
    for (let i = 0; i < 30; i++) kinds.push(Object.keys((await peer.raw.hear())!)[0]);
    const run = (kind: string, length: number): string[] => Array.from({ length }, () => kind);
    expect(kinds).toEqual([...run("compressed", 4), ...run("binary", 16), "compressed", ...run("binary", 9)]);
  });

  test("keeps its order, whatever is mixed", { timeout: 20_000 }, async () => {
    const payload = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.integer({ min: 0, max: 100_000 }).map((length) => "some words again and again ".repeat(length / 27)),
      fc.uint8Array({ maxLength: 200 }),
    );
    const how = fc.constantFrom("plain", "prepared", "blob", "source");
    const sent = fc.record({ payload, how, compress: fc.constantFrom(undefined, true, false), isSecret: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 12 }), fc.boolean(), async (messages, keepsContext) => {
        const { peer, connection } = await meetCompressed({
          compression: { thresholdBytes: 20, contextTakeover: keepsContext },
        });
        for (const each of messages) {
          const options = { compress: each.compress, secret: each.isSecret };
          if (each.how === "prepared") void connection.send(prepare(each.payload), options);
          else if (each.how === "blob") void connection.send(new Blob([each.payload]), options);
          else if (each.how === "source") void connection.send(inPieces(each.payload), options);
          else connection.write(each.payload, options);
        }
        void connection.close(1000);
        for (const each of messages) {
          const isText = typeof each.payload === "string" && each.how !== "blob";
          const expected = isText ? each.payload : Buffer.from(each.payload as string).toString("hex");
          expect(await hearWhole(peer)).toBe(expected);
        }
        expect(await peer.raw.hear()).toMatchObject({ close: 1000 });
        connection.terminate();
      }),
      { numRuns: 25, timeout: 5_000 },
    );
  });

  async function* inPieces(payload: string | Uint8Array): AsyncGenerator<string | Uint8Array> {
    const half = Math.floor(payload.length / 2);
    yield payload.slice(0, half);
    await nextTurn();
    yield payload.slice(half);
  }

  /** The next message, be it compressed or not, in fragments or not. */
  async function hearWhole(peer: Awaited<ReturnType<typeof meetCompressed>>["peer"]): Promise<string | undefined> {
    const said = await peer.raw.hear();
    if (said === undefined) return undefined;
    if ("text" in said) return said.text;
    if ("binary" in said) return said.binary;
    if (!("compressed" in said) && !("fragment" in said)) throw new Error(JSON.stringify(said));
    let hex = "compressed" in said ? said.compressed : said.fragment;
    for (let { isFinal } = said; !isFinal;) {
      const next = (await peer.raw.hear()) as { fragment: string; isFinal: boolean };
      hex += next.fragment;
      ({ isFinal } = next);
    }
    const bytes = Buffer.from(hex, "hex");
    const message = "compressed" in said ? peer.deflate.unpack(bytes) : bytes;
    return said.opcode === 0x1 ? message.toString() : message.toString("hex");
  }

  test("is whole however small the write buffer is", async () => {
    const { peer, connection } = await meetCompressed({ writeBufferSize: 256 });
    const messages = Array.from({ length: 10 }, (_, i) => randomBytes(300 * (i + 1)).toString("hex"));
    for (const message of messages) void connection.send(message);
    for (const message of messages) expect(await peer.hear()).toBe(message);
  });

  test("counts as buffered while it is compressed off the event loop", async () => {
    const { peer, connection } = await meetCompressed({ highWaterMark: 50 * KIB });
    const message = "x".repeat(100 * KIB);
    expect(connection.write(message)).toBe(false);
    expect(connection.bufferedBytes).toBe(100 * KIB);
    await until(() => !connection.needsDrain);
    expect(await peer.hear()).toBe(message);
    expect(connection.write("small")).toBe(true);
  });
});

describe("a message in fragments", () => {
  test("RFC 7692 §6.1: has RSV1 on its first frame only, each piece to be had at once", async () => {
    const { peer, connection } = await meetCompressed();
    const writer = connection.createWritable().getWriter();
    await writer.write("one, two, ");
    const first = await peer.raw.hear();
    expect(first).toMatchObject({ opcode: 0x1, isFinal: false });
    await writer.write("one, two, three");
    const second = await peer.raw.hear();
    expect(second).toMatchObject({ opcode: 0x0, isFinal: false });
    await writer.close();
    expect(await peer.raw.hear()).toEqual({ fragment: "00", opcode: 0x0, isFinal: true });
    const parts = [(first as { compressed: string }).compressed, (second as { fragment: string }).fragment, "00"];
    expect(peer.deflate.unpack(Buffer.from(parts.join(""), "hex")).toString()).toBe("one, two, one, two, three");
  });

  test("is as it is where it was asked to be", async () => {
    const { peer, connection } = await meetCompressed();
    for (const options of [{ compress: false }, { secret: true }]) {
      const writer = connection.createWritable(options).getWriter();
      await writer.write("one");
      await writer.close();
      expect(await peer.raw.hear()).toEqual({ fragment: "6f6e65", opcode: 0x1, isFinal: false });
      expect(await peer.raw.hear()).toEqual({ fragment: "", opcode: 0x0, isFinal: true });
    }
  });

  test("may end with half a character, which is then replaced", async () => {
    const { peer, connection } = await meetCompressed();
    const writer = connection.createWritable().getWriter();
    await writer.write("a\ud83d");
    await writer.close();
    expect(await peer.hear()).toBe("a\ufffd");
  });

  test("that fails in the middle gives its compressor back and ends the connection", async () => {
    const used: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { peer, connection } = await meetCompressed({ compression: { thresholdBytes: 0, contextTakeover: false } });
      connection.handle({ error: () => {} });
      const writer = connection.createWritable().getWriter();
      await writer.write("one");
      await writer.abort(new Error("no more"));
      expect((await peer.raw.leave()).at(-1)).toMatchObject({ close: 1011 });
      await connection.closed;
      used.push(compressionMemory.usedBytes);
    }
    expect(new Set(used).size).toBe(1);
  });
});

describe("a prepared message", () => {
  test("is compressed once, the same for all who agreed on the same", async () => {
    const meetings = [];
    for (const contextTakeover of [true, true, false]) {
      meetings.push(await meetCompressed({ compression: { thresholdBytes: 0, contextTakeover } }));
    }
    const connections = meetings.map(({ connection }) => connection);
    void connections[0]!.send(sentence);
    await meetings[0]!.peer.hear();
    expect(broadcast(connections, sentence)).toEqual({ sent: 3, skipped: 0, slow: 0 });
    const heard = [];
    for (const { peer } of meetings) {
      const said = (await peer.raw.hear()) as { compressed: string };
      heard.push(said.compressed);
      expect(peer.deflate.unpack(Buffer.from(said.compressed, "hex")).toString()).toBe(sentence);
    }
    expect(new Set(heard).size).toBe(1);
    // What follows does not refer to what was before it.
    for (const { peer, connection } of meetings) {
      void connection.send(sentence);
      expect(await peer.hear()).toBe(sentence);
    }
  });

  test("that is long is compressed once too, off the event loop", async () => {
    const meetings = [];
    for (let i = 0; i < 3; i++) meetings.push(await meetCompressed());
    const message = prepare(sentence.repeat(500));
    for (let i = 0; i < 2; i++) {
      for (const { connection } of meetings) void connection.send(message);
      for (const { peer } of meetings) expect(await peer.hear()).toBe(sentence.repeat(500));
    }
  });

  test("is as it is where it does not shrink, is short, or is asked to be", async () => {
    const { peer, connection } = await meetCompressed({ compression: true });
    const noise = randomBytes(500);
    connection.write(prepare(noise));
    connection.write(prepare("short"));
    connection.write(prepare(sentence), { compress: false });
    connection.write(prepare(sentence), { secret: true });
    expect(await peer.raw.hear()).toEqual({ binary: noise.toString("hex") });
    expect(await peer.raw.hear()).toEqual({ text: "short" });
    expect(await peer.raw.hear()).toEqual({ text: sentence });
    expect(await peer.raw.hear()).toEqual({ text: sentence });
  });
});

describe("a connection that ends", () => {
  test("while a message is compressed rejects its send with not-open", async () => {
    const { connection } = await meetCompressed();
    const sent = connection.send(randomBytes(500_000));
    connection.terminate();
    await expect(sent).rejects.toMatchObject({ code: "not-open" });
  });

  test("closes behind the message that is compressed when it is asked to", async () => {
    const { peer, connection } = await meetCompressed();
    const message = "x".repeat(500_000);
    void connection.send(message);
    const closed = connection.close(4000);
    expect(await peer.hear()).toBe(message);
    expect(await peer.raw.hear()).toEqual({ close: 4000, reason: "" });
    peer.raw.close(4000);
    await peer.raw.leave();
    expect(await closed).toMatchObject({ code: 4000, clean: true });
  });

  test("gives back all that compression took", async () => {
    const before = compressionMemory.usedBytes;
    const meetings = [];
    for (let i = 0; i < 5; i++) meetings.push(await meetCompressed());
    for (const { peer, connection } of meetings) {
      void connection.send(sentence);
      expect(await peer.hear()).toBe(sentence);
    }
    expect(compressionMemory.usedBytes).toBeGreaterThan(before + 5 * 124 * KIB);
    for (const { connection } of meetings) connection.terminate();
    for (const { connection } of meetings) await connection.closed;
    expect(compressionMemory.usedBytes).toBe(before);
  });
});
