import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { MaskKeys, prepare, resolveConnectionOptions, WriteSlabPool } from "../../src/connection/index.js";
import { WriteQueue } from "../../src/connection/write-queue.js";
import { FIN, Opcode, Receiver, type Role } from "../../src/protocol/index.js";
import { RecordingSink } from "../protocol/support/recording-sink.js";
import { nextTurn } from "../support/turns.js";

const SLAB_BYTES = 4096;
const LENGTHS = [0, 1, 80, 81, 125, 126, 128, 160, 161, 2048, 2049, 4095, 4096, 65_535, 65_536, 100_000];

/** A queue whose output is kept. */
function setUp(maskKeys: MaskKeys | undefined) {
  const written: Buffer[] = [];
  const socket = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
    read() {},
  });
  const queue = new WriteQueue(
    socket,
    { writeSlabs: new WriteSlabPool(SLAB_BYTES), options: resolveConnectionOptions({}), maskKeys },
    { onStalled() {}, onWritten() {}, onTorn() {} },
  );
  const output = async (): Promise<Buffer> => {
    queue.flush();
    await nextTurn();
    return Buffer.concat(written.splice(0));
  };
  return { queue, output };
}

/** What a receiver of the other role makes of `bytes`. */
function received(bytes: Buffer, role: Role): unknown[] {
  const sink = new RecordingSink();
  const limits = { maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxFragments: Infinity };
  new Receiver(sink, { role, limits, messageTypes: "any" }).push(Buffer.from(bytes), 0, bytes.length);
  return sink.received;
}

/** The mask key of a frame that stands alone in `bytes`. */
function maskKeyOf(bytes: Buffer): number {
  const length = bytes.readUInt8(1) & 0x7f;
  return bytes.readUInt32BE(length < 126 ? 2 : length === 126 ? 4 : 10);
}

const ends: readonly [string, Role, () => MaskKeys | undefined][] = [
  ["a server's queue", "client", () => undefined],
  ["a client's queue, which masks (RFC 6455 §5.1)", "server", () => new MaskKeys()],
];

describe.each(ends)("%s", (_, peerRole, createKeys) => {
  test.each(LENGTHS)("sends text and binary messages of %i bytes", async (length) => {
    const { queue, output } = setUp(createKeys());
    const bytes = Buffer.from(Array.from({ length }, (__, i) => i % 251));
    const before = Buffer.from(bytes);
    queue.text("é".repeat(length >> 1) + "x".repeat(length & 1));
    queue.frame(FIN | Opcode.binary, bytes);
    expect(received(await output(), peerRole)).toEqual([
      { text: "é".repeat(length >> 1) + "x".repeat(length & 1) },
      { binary: before.toString("hex") },
    ]);
    expect(bytes).toEqual(before);
  });
});

describe.each(ends)("%s, before it is flushed,", (_, __, createKeys) => {
  test.each([0, 1, 80, 81, 125, 126, 500])(
    "tells how many bytes %i of text, and as many of bytes, take",
    async (length) => {
      const { queue, output } = setUp(createKeys());
      queue.text("x".repeat(length));
      queue.frame(FIN | Opcode.binary, new Uint8Array(length));
      const { bufferedBytes } = queue;
      expect(await output()).toHaveLength(bufferedBytes);
      expect(queue.bufferedBytes).toBe(0);
    },
  );
});

describe.each(ends)("%s and a short text", (_, peerRole, createKeys) => {
  test("has the header that its bytes need, whatever its characters take, several in one slab", async () => {
    const { queue, output } = setUp(createKeys());
    const texts = [
      "中".repeat(41),
      "中".repeat(42),
      "中".repeat(80),
      "é".repeat(62),
      "é".repeat(63),
      "x".repeat(80),
      "😀".repeat(40),
    ];
    for (const text of texts) queue.text(text);
    expect(received(await output(), peerRole)).toEqual(texts.map((text) => ({ text })));
  });
});

describe("a client's queue", () => {
  test("masks a prepared message anew, and leaves it as it is", async () => {
    const { queue, output } = setUp(new MaskKeys());
    const message = prepare("hello");
    queue.prepared(message);
    const first = await output();
    queue.prepared(message);
    const second = await output();
    expect(maskKeyOf(first)).not.toBe(maskKeyOf(second));
    for (const bytes of [first, second]) expect(received(bytes, "server")).toEqual([{ text: "hello" }]);
  });

  test("masks each frame with a key of its own (RFC 6455 §5.3)", async () => {
    const { queue, output } = setUp(new MaskKeys());
    const keys = new Set<number>();
    const count = 5_000; // more than one pool of keys
    for (let i = 0; i < count; i++) {
      queue.frame(FIN | Opcode.ping, Uint8Array.of(1));
      keys.add(maskKeyOf(await output()));
    }
    expect(keys.size).toBeGreaterThan(count - 10); // two of 5,000 may agree by chance, ten do not
  });
});

describe("a queue on a duplex that is no socket", () => {
  test("gives it bytes of its own, since it may hold on to them: later frames change nothing", async () => {
    const held: Buffer[] = [];
    const socket = new Duplex({
      write(chunk: Buffer, _encoding, done) {
        held.push(chunk); // as a pipe in memory does: read later, not copied now
        done();
      },
      read() {},
    });
    const writeSlabs = new WriteSlabPool(SLAB_BYTES);
    const setup = { writeSlabs, options: resolveConnectionOptions({}), maskKeys: undefined };
    const queue = new WriteQueue(socket, setup, { onStalled() {}, onWritten() {}, onTorn() {} });
    const long = Buffer.alloc(10_000, 1);
    queue.text("first");
    queue.frame(FIN | Opcode.binary, long);
    queue.flush();
    await nextTurn();
    long.fill(2);
    queue.text("other");
    queue.flush();
    await nextTurn();
    expect(received(Buffer.concat(held), "client")).toEqual([
      { text: "first" },
      { binary: "01".repeat(10_000) },
      { text: "other" },
    ]);
  });
});

describe("two queues that write into the same slabs, one of them to a peer that is slow", () => {
  test("keep what waits as it is, and use a slab again once nobody waits for it", async () => {
    const waiting: { readonly chunk: Buffer; readonly taken: () => void }[] = [];
    /** Keeps what it is given, as a kernel that takes no more, until it is told to go on. */
    class SlowSocket extends Socket {
      override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
        waiting.push({ chunk, taken });
      }
    }
    const slabBytes = 16 * 1024; // another size than that of a backlog's slabs
    const writeSlabs = new WriteSlabPool(slabBytes);
    const setup = { writeSlabs, options: resolveConnectionOptions({}), maskKeys: undefined };
    const owner = { onStalled() {}, onWritten() {}, onTorn() {} };
    const slow = new WriteQueue(new SlowSocket(), setup, owner);
    const quick = new WriteQueue(new Duplex({ write: (_, __, done) => done(), read() {} }), setup, owner);
    const slabs = new Set<ArrayBufferLike>();
    for (let round = 0; round < 50; round++) {
      slow.frame(FIN | Opcode.binary, Buffer.alloc(8_000, round));
      slow.flush();
      expect(slow.isInFlight).toBe(true);
      for (let i = 0; i < 4; i++) {
        quick.frame(FIN | Opcode.binary, Buffer.alloc(8_000, 255));
        quick.flush();
      }
      const [{ chunk, taken }] = waiting.splice(0) as [(typeof waiting)[number]];
      expect(received(chunk, "client")).toEqual([{ binary: Buffer.alloc(8_000, round).toString("hex") }]);
      slabs.add(chunk.buffer);
      taken();
      await nextTurn();
      expect(slow.isAtRest).toBe(true);
    }
    expect(slabs.size).toBeLessThan(4);
  });
});

describe("prepared messages, sent to several", () => {
  /** Queues that share their slabs, on sockets that are written to in one piece. */
  function share(count: number) {
    const writeSlabs = new WriteSlabPool(SLAB_BYTES);
    return Array.from({ length: count }, () => {
      const writes: Buffer[] = [];
      // As a socket, which has copied what it was given when `write` returns.
      const socket = Object.assign(Object.create(Socket.prototype) as Socket, {
        write: (chunk: Buffer) => writes.push(Buffer.from(chunk)),
        cork: () => {},
        uncork: () => {},
      });
      Object.defineProperties(socket, { writableLength: { value: 0 }, destroyed: { value: false } });
      const setup = { writeSlabs, options: resolveConnectionOptions({}), maskKeys: undefined };
      return { writes, queue: new WriteQueue(socket, setup, { onStalled() {}, onWritten() {}, onTorn() {} }) };
    });
  }

  test("in one turn are one stretch of memory for each that gets all of them", () => {
    const [first, second, third] = share(3);
    const messages = ["one", "two", "three"].map((message) => prepare(message));
    for (const message of messages) {
      for (const { queue } of [first!, second!]) queue.prepared(message);
      if (message !== messages[1]) third!.queue.prepared(message);
    }
    for (const { queue } of [first!, second!, third!]) queue.flush();
    const bytes = messages.map(({ frame }) => Buffer.from(frame));
    expect(first!.writes).toEqual([Buffer.concat(bytes)]);
    expect(second!.writes).toEqual([Buffer.concat(bytes)]);
    expect(third!.writes).toEqual([bytes[0], bytes[2]]);
  });

  test("keep their order among others, and are what they were when memory has been written anew", () => {
    const [first, second] = share(2);
    const [a, b] = [prepare("a".repeat(1000)), prepare("b".repeat(1000))];
    const wanted: unknown[] = [];
    for (let turn = 0; turn < 10; turn++) {
      for (const message of [a, b, a, "text", b]) {
        for (const { queue } of [first!, second!]) {
          if (typeof message === "string") queue.text(message);
          else queue.prepared(message);
        }
        wanted.push({ text: typeof message === "string" ? message : Buffer.from(message.payload).toString() });
      }
      first!.queue.flush();
      if (turn % 2 === 1) second!.queue.flush();
    }
    for (const { writes } of [first!, second!]) expect(received(Buffer.concat(writes), "client")).toEqual(wanted);
  });

  test("do not lie where the next are written, when the last of one turn is the first of the next", () => {
    const { writes, queue } = share(1)[0]!;
    const [a, b, c] = ["a", "b", "c"].map((letter) => prepare(letter.repeat(1000)));
    for (const turn of [
      [b, a],
      [a, b, c],
    ]) {
      for (const message of turn) queue.prepared(message!);
      queue.flush();
    }
    const wanted = [b, a, a, b, c].map((message) => ({ text: Buffer.from(message!.payload).toString() }));
    expect(received(Buffer.concat(writes), "client")).toEqual(wanted);
  });
});
