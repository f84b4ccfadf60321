import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { ConnectionError } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { ControlledBlob } from "../support/controlled-blob.js";
import { meet } from "../support/meeting.js";
import { ping, RawPeer } from "../support/raw-peer.js";
import { transportPaths } from "../support/transport-paths.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const chunk = new Uint8Array(64 * KIB);

/** A connection whose peer has stopped reading and whose kernel buffers are full: what is sent now stays with us. */
async function meetStalled(options: Parameters<typeof meet>[0] = {}) {
  const meeting = await meet(options);
  const { peer, connection } = meeting;
  peer.raw.stopReading();
  let sent = 0;
  while (connection.bufferedBytes < 4 * KIB) {
    void connection.send(chunk);
    sent++;
    await nextTurn();
  }
  return { ...meeting, sent };
}

/** Lets the peer read again and waits until everything has gone out. */
async function readOn({ peer, connection }: Awaited<ReturnType<typeof meetStalled>>): Promise<void> {
  peer.raw.readOn();
  await until(() => connection.bufferedBytes === 0);
}

describe("a peer that reads", () => {
  test("keeps nothing buffered, and no send waits", async () => {
    const { peer, connection } = await meet();
    for (let i = 0; i < 10; i++) {
      await connection.send("hello");
      expect(await peer.hear()).toEqual({ text: "hello" });
      expect(connection.bufferedBytes).toBe(0);
      expect(connection.needsDrain).toBe(false);
    }
  });
});

describe("a peer that does not read", () => {
  test("is noticed in the turn that fills the kernel's buffers: what gathers in one turn is no room", async () => {
    const { peer, connection } = await meet({ highWaterMark: 64 * KIB, writeBufferSize: MIB });
    peer.raw.stopReading();
    let drains = 0;
    connection.handle({ drain: () => drains++ });
    let sent = 0;
    for (; connection.write(chunk); sent++) if (sent > 1_000) throw new Error("write never asked to wait");
    expect(connection.needsDrain).toBe(true);
    expect(connection.bufferedBytes).toBeGreaterThanOrEqual(64 * KIB);
    peer.raw.discard();
    peer.raw.readOn();
    await until(() => drains === 1);
    expect(connection.bufferedBytes).toBeLessThanOrEqual(16 * KIB);
  });

  test("makes send wait at the high mark, until what is buffered has fallen to the low one", async () => {
    const highWaterMark = 32 * MIB; // far more than the kernel takes at once
    const lowWaterMark = MIB;
    const { peer, connection } = await meetStalled({ highWaterMark, lowWaterMark, maxBufferedBytes: Infinity });
    while (!connection.needsDrain) connection.write(chunk);
    expect(connection.bufferedBytes).toBeGreaterThanOrEqual(highWaterMark);
    expect(connection.bufferedBytes).toBeLessThan(highWaterMark + chunk.length + 10);
    let bufferedThen = -1;
    const waiting = connection.send("one more").then(() => {
      bufferedThen = connection.bufferedBytes;
    });
    await nextTurn();
    expect(bufferedThen).toBe(-1);
    peer.raw.discard();
    await waiting;
    expect(bufferedThen).toBeLessThanOrEqual(lowWaterMark);
    expect(connection.needsDrain).toBe(false);
  });

  test("makes write false from the high mark on, and calls drain once when there is room", async () => {
    const stalled = await meetStalled({ highWaterMark: 256 * KIB });
    const { connection } = stalled;
    let drains = 0;
    connection.handle({
      drain: (socket) => {
        drains++;
        expect(socket.bufferedBytes).toBeLessThanOrEqual(64 * KIB); // a quarter of the high mark, by default
      },
    });
    while (connection.write(chunk));
    expect(connection.needsDrain).toBe(true);
    expect(connection.write("more")).toBe(false);
    expect(drains).toBe(0);
    await readOn(stalled);
    expect(drains).toBe(1);
    expect(connection.write("again")).toBe(true);
  });

  test("gets everything, whole and in order, when it reads on", async () => {
    const stalled = await meetStalled({ maxBufferedBytes: Infinity });
    const { peer, connection, sent } = stalled;
    for (let i = 0; i < 500; i++) {
      connection.write(`small ${i}`);
      if (i % 100 === 0) connection.write(Buffer.alloc(70_000, i));
    }
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) expect(await peer.hear()).toEqual({ binary: "00".repeat(chunk.length) });
    for (let i = 0; i < 500; i++) {
      expect(await peer.hear()).toEqual({ text: `small ${i}` });
      if (i % 100 === 0) expect(await peer.hear()).toEqual({ binary: Buffer.alloc(70_000, i).toString("hex") });
    }
  });

  test("gets a message of up to half of writeBufferSize as it was when it was sent", async () => {
    const { peer, connection, sent } = await meetStalled({ writeBufferSize: 64 * KIB });
    const messages = [10, 2 * KIB, 5 * KIB, 32 * KIB].map((length) => Buffer.alloc(length, "before"));
    const expected = messages.map((message) => ({ binary: message.toString("hex") }));
    for (const message of messages) {
      connection.write(message);
      message.fill("after!");
    }
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) await peer.hear();
    for (const said of expected) expect(await peer.hear()).toEqual(said);
  });

  test("gets every message that was waiting and then the close frame, when we close", async () => {
    const { peer, connection, sent } = await meetStalled();
    void connection.send("last words");
    const closed = connection.close(1001, "bye");
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) await peer.hear();
    expect(await peer.hear()).toEqual({ text: "last words" });
    expect(await peer.hear()).toEqual({ close: 1001, reason: "bye" });
    peer.close(1001);
    await peer.leave();
    expect(await closed).toMatchObject({ code: 1001, by: "us", clean: true });
  });

  test("gets every message that was waiting and then the close frame, when it is at fault", async () => {
    const { peer, connection, sent } = await meetStalled();
    for (let i = 0; i < 10; i++) void connection.send(`waiting ${i}`);
    peer.send({ opcode: 0x3 });
    await until(() => connection.state === "closing");
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) await peer.hear();
    for (let i = 0; i < 10; i++) expect(await peer.hear()).toEqual({ text: `waiting ${i}` });
    expect(await peer.leave()).toEqual([{ close: 1002, reason: "reserved-opcode" }]);
    expect(await connection.closed).toMatchObject({ code: 1002 });
  });

  test("gets what was waiting for it unharmed by what others are sent meanwhile", async () => {
    const { server, peer, connection } = await meet();
    const other = await RawPeer.join(server.port);
    const toOther = await server.accepted();
    peer.raw.stopReading();
    const filler = "x".repeat(1000);
    let sent = 0;
    while (connection.bufferedBytes === 0) {
      for (let i = 0; i < 200; i++) connection.write(`${sent++} ${filler}`);
      await nextTurn();
    }
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 200; i++) toOther.write("y".repeat(1000));
      for (let i = 0; i < 200; i++) expect(await other.hear()).toEqual({ text: "y".repeat(1000) });
    }
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) expect(await peer.hear()).toEqual({ text: `${i} ${filler}` });
  });

  test("is cut off once more than maxBufferedBytes wait and another message comes", async () => {
    const maxBufferedBytes = 1024 * KIB;
    const { connection } = await meetStalled({ maxBufferedBytes });
    const errors: ConnectionError[] = [];
    connection.handle({ error: (_, error) => errors.push(error) });
    let most = 0;
    while (connection.state === "open") {
      most = Math.max(most, connection.bufferedBytes);
      void connection.send(chunk);
    }
    expect(most).toBeLessThan(maxBufferedBytes + chunk.length + 10);
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1008, by: "us", clean: false, error: { code: "send-buffer-full" } });
    expect(errors).toEqual([info.error]);
    expect(info.error?.message).toContain("maxBufferedBytes (1048576)");
    expect(connection.bufferedBytes).toBe(0);
  });

  test("that is cut off has its waiting sends rejected, the one that was too much included", async () => {
    for (const highWaterMark of [16 * KIB, 512 * KIB]) {
      const { connection } = await meetStalled({ highWaterMark, maxBufferedBytes: 512 * KIB });
      const outcomes: Promise<string>[] = [];
      while (connection.state === "open") {
        outcomes.push(
          connection.send(chunk).then(
            () => "sent",
            (error: ConnectionError) => error.code,
          ),
        );
      }
      expect(connection.write("more")).toBe(false);
      await connection.closed;
      expect((await Promise.all(outcomes)).at(-1)).toBe("not-open");
    }
  });

  test("may be sent one message of any size while less than maxBufferedBytes wait", async () => {
    const stalled = await meetStalled({ maxBufferedBytes: 256 * KIB });
    const { peer, connection, sent } = stalled;
    void connection.send(new Uint8Array(1024 * KIB));
    expect(connection.state).toBe("open");
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) await peer.hear();
    expect(await peer.hear()).toEqual({ binary: "00".repeat(1024 * KIB) });
  });

  test("may be sent one Blob of any size while less than maxBufferedBytes wait", async () => {
    const stalled = await meetStalled({ maxBufferedBytes: 256 * KIB });
    const { peer, connection, sent } = stalled;
    void connection.send(new Blob([new Uint8Array(1024 * KIB)]));
    await until(() => connection.bufferedBytes > 1024 * KIB);
    for (let i = 0; i < 10; i++) await nextTurn();
    expect(connection.state).toBe("open");
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) await peer.hear();
    expect(await peer.hear()).toEqual({ binary: "00".repeat(1024 * KIB) });
  });

  test("keeps a send waiting no longer than the connection lasts", async () => {
    const endings: Record<string, (meeting: Awaited<ReturnType<typeof meetStalled>>) => void> = {
      "we terminate": ({ connection }) => connection.terminate(),
      "the peer resets": ({ peer }) => peer.raw.reset(),
      "we close and the deadline passes": ({ connection }) => void connection.close(),
    };
    for (const end of Object.values(endings)) {
      const stalled = await meetStalled({ highWaterMark: 8 * KIB, closeTimeoutMs: 50 });
      const waiting = stalled.connection.send(chunk);
      end(stalled);
      await expect(waiting).rejects.toMatchObject({ code: "not-open" });
      await stalled.connection.closed;
    }
  });
});

describe("messages in line behind a Blob", () => {
  test("count against the high mark, and drain is called when they have gone out", async () => {
    const { peer, connection } = await meet({ highWaterMark: 1000, lowWaterMark: 100 });
    const drained = defer<void>();
    connection.handle({ drain: () => drained.resolve() });
    const blob = new ControlledBlob(10);
    expect(connection.write(blob)).toBe(true);
    expect(connection.write("x".repeat(980))).toBe(true);
    expect(connection.write("x".repeat(10))).toBe(false);
    expect(connection.bufferedBytes).toBe(1000);
    blob.give("0123456789");
    await drained.promise;
    expect(connection.needsDrain).toBe(false);
    expect(await peer.hear()).toEqual({ binary: Buffer.from("0123456789").toString("hex") });
  });

  test("end the connection when they pass maxBufferedBytes", async () => {
    const { connection } = await meet({ maxBufferedBytes: 1000 });
    const blob = new ControlledBlob(10);
    connection.write(blob);
    while (connection.state === "open") connection.write("x".repeat(100));
    expect(await connection.closed).toMatchObject({ code: 1008, error: { code: "send-buffer-full" } });
  });
});

describe("RFC 6455 §5.5.3: pings of a peer that does not read", () => {
  test("pile up nothing: when it reads on it gets the pong to the latest", async () => {
    const stalled = await meetStalled();
    const { peer, connection, server, sent } = stalled;
    const socket = server.sockets[0] as Socket;
    connection.handle({});
    const before = connection.bufferedBytes;
    for (let i = 0; i < 100; i++) {
      const pings = Array.from({ length: 100 }, (_, j) => ping(`${i * 100 + j}`));
      peer.send(...pings);
    }
    peer.say("z".repeat(200_000)); // read over the bytes of the last ping
    await new Promise<void>((resolve) => void peer.raw.socket.write("", () => resolve()));
    await until(() => socket.bytesRead === peer.raw.socket.bytesWritten);
    expect(connection.bufferedBytes).toBe(before);
    peer.raw.readOn();
    for (let i = 0; i < sent; i++) await peer.hear();
    expect(await peer.hear()).toEqual({ pong: "9999" });
  });
});

test("a pong that waits for the kernel keeps nobody from going on, though no byte may be left for that", async () => {
  const meeting = await meetStalled({ lowWaterMark: 0, maxBufferedBytes: Infinity });
  const { peer, connection } = meeting;
  peer.send(ping("still there?"));
  for (let i = 0; i < 20; i++) await nextTurn();
  for (let i = 0; i < 20; i++) connection.write(chunk);
  const sent = connection.send("the last");
  peer.raw.discard();
  peer.raw.readOn();
  await sent;
  expect(connection.needsDrain).toBe(false);
});

describe.each(transportPaths)("what is queued, on $title", ({ join = {}, setup }) => {
  test("falls as the peer reads, also within one long message", async () => {
    const { peer, connection } = await meet({ maxBufferedBytes: Infinity }, join, setup?.());
    peer.raw.discard();
    peer.raw.stopReading();
    connection.write(new Uint8Array(64 * MIB));
    await until(() => connection.bufferedBytes > 0);
    let before = connection.bufferedBytes;
    expect(before).toBeGreaterThan(48 * MIB);
    let falls = 0;
    for (; before > 0; falls++) {
      peer.raw.readOn();
      await until(() => connection.bufferedBytes < before);
      peer.raw.stopReading();
      before = connection.bufferedBytes;
    }
    expect(falls).toBeGreaterThan(3);
  });

  test("arrives whole and in order when it is long and short in turns", async () => {
    const { peer, connection } = await meet({ maxBufferedBytes: Infinity }, join, setup?.());
    peer.raw.stopReading();
    const lengths = [100_000, 1, 3 * MIB, 0, 65_535, 65_536, 300_000, 2, 40_000, 40_000, 40_000];
    for (const [index, length] of lengths.entries()) connection.write(Buffer.alloc(length, index + 1));
    await nextTurn();
    for (const [index, length] of lengths.entries()) connection.write(Buffer.alloc(length, index + 101));
    const closed = connection.close();
    peer.raw.readOn();
    for (const first of [1, 101]) {
      for (const [index, length] of lengths.entries()) {
        expect(await peer.hear()).toEqual({ binary: Buffer.alloc(length, first + index).toString("hex") });
      }
    }
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    expect(await closed).toMatchObject({ clean: true });
  });
});
