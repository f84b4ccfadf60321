import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ledger } from "../../src/reconnecting/ledger.js";
import { SendQueue } from "../../src/reconnecting/send-queue.js";
import { byteLengthOf, snapshotOf } from "../../src/reconnecting/sendable.js";
import { settle, World } from "./world.js";

describe("sending over a reconnecting socket", () => {
  test("waits for a connection, and keeps the order", async () => {
    const world = new World();
    const { socket } = world.reconnecting();
    expect(socket.send("one")).toBe("queued");
    await settle();
    expect(socket.send("two")).toBe("queued");
    expect([socket.queuedMessages, socket.bufferedBytes]).toEqual([2, 6]);
    world.socket.open();
    expect(world.socket.sent).toEqual(["one", "two"]);
    expect(socket.send("three")).toBe("sent");
    expect(world.socket.sent).toEqual(["one", "two", "three"]);
    expect([socket.queuedMessages, socket.bufferedBytes]).toEqual([0, 0]);
    world.socket.bufferedAmount = 5;
    world.socket.readyState = 2;
    socket.send("four");
    expect([socket.queuedMessages, socket.bufferedBytes]).toEqual([1, 9]);
  });

  test("lets a listener of the state greet before what has waited", async () => {
    const world = new World();
    const { socket } = world.reconnecting();
    socket.on("state", ({ kind }) => kind === "open" && socket.send("my name"));
    socket.send("waited");
    await settle();
    world.socket.open();
    expect(world.socket.sent).toEqual(["my name", "waited"]);
  });

  test.each([
    [{ maxQueuedMessages: 2 }, "refuse"],
    [{ maxQueuedMessages: 2 }, "drop-oldest"],
    [{ maxQueuedBytes: 8 }, "refuse"],
    [{ maxQueuedBytes: 8 }, "drop-oldest"],
  ] as const)("lets it greet before a queue that is full, and drops nothing: %o, %s", async (limit, overflow) => {
    const world = new World();
    const { socket, losses } = world.reconnecting({ ...limit, overflow });
    const refusals: unknown[] = [];
    socket.on("state", ({ kind }) => {
      if (kind !== "open") return;
      expect(socket.send("my name")).toBe("sent");
      world.socket.bufferedAmount = 7;
      try {
        socket.send("my own"); // more than the socket may hold, where bytes are limited
      } catch (error) {
        refusals.push(error);
      }
    });
    for (const message of ["wait", "long"]) socket.send(message);
    await settle();
    world.socket.open();
    const isShort = "maxQueuedBytes" in limit;
    expect(world.socket.sent).toEqual(["my name", ...(isShort ? [] : ["my own"]), "wait", "long"]);
    expect(refusals).toEqual(isShort ? [expect.objectContaining({ code: "queue-full" })] : []);
    expect(losses).toEqual([]);
  });

  test("keeps what a socket has not sent when it closes by itself, and tells what is uncertain", async () => {
    const world = new World();
    const subject = await world.opened();
    for (const message of ["one", "two", "three"]) subject.socket.send(message);
    world.socket.bufferedAmount = 6; // "three", and one byte of "two"
    world.socket.drop();
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["one"], omitted: 0 }]);
    subject.socket.send("four");
    await world.pass(1000);
    world.socket.open();
    expect(world.socket.sent).toEqual(["two", "three", "four"]);
  });

  test("sends nothing twice by itself: what a socket holds that we gave up is uncertain, as it may still send it", async () => {
    const world = new World();
    const subject = await world.opened();
    subject.socket.send("one");
    world.socket.bufferedAmount = 3;
    subject.socket.reconnect();
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["one"], omitted: 0 }]);
    await settle();
    world.socket.open();
    expect(world.socket.sent).toEqual([]);
  });

  test("queues what is sent to a socket that is closing already, which would drop it", async () => {
    const world = new World();
    const subject = await world.opened();
    world.socket.readyState = 2;
    expect(subject.socket.send("one")).toBe("queued");
    expect(world.socket.sent).toEqual([]);
  });

  test("tells nothing as uncertain that went before an answered probe", async () => {
    const world = new World();
    const heartbeat = { probe: "ping", isReply: (message: unknown) => message === "pong", intervalMs: 100 };
    const subject = await world.opened({ heartbeat });
    subject.socket.send("before");
    await world.pass(100);
    expect(world.socket.sent).toEqual(["before", "ping"]);
    subject.socket.send("after");
    world.socket.say("pong");
    world.socket.drop();
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["after"], omitted: 0 }]);
    expect(subject.messages).toEqual([]);
  });

  test("takes an answer for that to the oldest probe, where two are out", async () => {
    const world = new World();
    const heartbeat = { probe: "ping", isReply: (message: unknown) => message === "pong", intervalMs: 20_000 };
    const subject = await world.opened({ heartbeat });
    await world.pass(20_000);
    subject.socket.send("a");
    await world.sleep(3_600_000);
    expect(world.socket.sent).toEqual(["ping", "a", "ping"]);
    world.socket.say("pong");
    world.socket.drop();
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["a"], omitted: 0 }]);
  });

  test("refuses what does not fit, by bytes, by count, and with what the socket holds", async () => {
    const world = new World();
    const subject = world.reconnecting({ maxQueuedBytes: 10, maxQueuedMessages: 2 });
    expect(() => subject.socket.send("x".repeat(11))).toThrow(expect.objectContaining({ code: "queue-full" }) as Error);
    subject.socket.send("12345");
    subject.socket.send("6789é".slice(0, 4));
    expect(() => subject.socket.send("")).toThrow(expect.objectContaining({ code: "queue-full" }) as Error);
    await settle();
    world.socket.open();
    world.socket.bufferedAmount = 9;
    expect(subject.socket.send("0")).toBe("sent");
    expect(() => subject.socket.send("12")).toThrow(expect.objectContaining({ code: "queue-full" }) as Error);
    expect(subject.losses).toEqual([]);
  });

  test("gives the oldest up with overflow drop-oldest, and tells", () => {
    const subject = new World().reconnecting({ maxQueuedBytes: 10, overflow: "drop-oldest" });
    for (const message of ["1234", "5678", "90"]) subject.socket.send(message);
    subject.socket.send("abcde");
    expect(subject.losses).toEqual([{ kind: "overflow", messages: ["1234", "5678"], omitted: 0 }]);
    expect(() => subject.socket.send("x".repeat(11))).toThrow(expect.objectContaining({ code: "queue-full" }) as Error);
    expect(subject.socket.queuedMessages).toBe(2);
  });

  test("loses nothing untold where who hears of an overflow closes, or sends", async () => {
    const subject = new World().reconnecting({ maxQueuedMessages: 2, overflow: "drop-oldest" });
    const { socket, losses } = subject;
    const done = socket.on("loss", ({ kind }) => {
      done();
      socket.send("and this");
      if (kind === "overflow") void socket.close();
    });
    for (const message of ["one", "two", "three"]) socket.send(message);
    await socket.closed;
    expect(losses).toEqual([
      { kind: "overflow", messages: ["one"], omitted: 0 },
      { kind: "overflow", messages: ["two"], omitted: 0 },
      { kind: "unsent", messages: ["three", "and this"], omitted: 0 },
    ]);
  });

  test("tells what never left when it is closed for good", async () => {
    const subject = new World().reconnecting();
    subject.socket.send("one");
    await subject.socket.close();
    expect(subject.losses).toEqual([{ kind: "unsent", messages: ["one"], omitted: 0 }]);
    const refusal = { code: "closed", message: "this socket is closed; make another" };
    expect(() => subject.socket.send("two")).toThrow(expect.objectContaining(refusal) as Error);
  });

  test("takes nothing more while it closes", async () => {
    const world = new World();
    const subject = await world.opened();
    void subject.socket.close();
    expect(() => subject.socket.send("late")).toThrow(expect.objectContaining({ code: "closed" }) as Error);
    expect(world.socket.sent).toEqual([]);
  });

  test("takes bytes as they are when they are sent", async () => {
    const world = new World();
    const { socket } = world.reconnecting();
    const bytes = new Uint8Array([1, 2, 3, 4]);
    socket.send(bytes.subarray(1, 3));
    socket.send(bytes.buffer);
    bytes.fill(9);
    await settle();
    world.socket.open();
    const [view, buffer] = world.socket.sent as [Uint8Array, ArrayBuffer];
    expect(view).toEqual(new Uint8Array([2, 3]));
    expect(new Uint8Array(buffer)).toEqual(new Uint8Array([1, 2, 3, 4])); // of buffers alone no bytes are compared
  });

  test.each([undefined, null, 5, {}, [1], { size: 1 }])("refuses %o, which is no message", (value) => {
    const { socket } = new World().reconnecting();
    expect(() => socket.send(value as never)).toThrow(new TypeError("send takes a string, bytes or a Blob"));
  });

  test("takes a Blob as it is", async () => {
    const world = new World();
    const { socket } = await world.opened();
    const blob = new Blob(["12345"]);
    expect(socket.send(blob)).toBe("sent");
    expect(world.socket.sent[0]).toBe(blob);
  });

  test("measures text in bytes of UTF-8, and blobs", () => {
    expect(["abc", "é", "⚓", "𝄞", "\ud800"].map(byteLengthOf)).toEqual([3, 2, 3, 4, 3]);
    const blob = new Blob(["12345"]);
    expect(byteLengthOf(blob)).toBe(5);
    expect(snapshotOf(blob)).toBe(blob);
  });
});

test("what is put back into the send queue counts as before, and goes first", () => {
  const queue = new SendQueue();
  queue.add("cde");
  queue.putBack(["a", "b"]);
  expect([queue.bytes, queue.length]).toEqual([5, 3]);
  expect(queue.takeAll()).toEqual(["a", "b", "cde"]);
  expect([queue.bytes, queue.length, queue.takeAll()]).toEqual([0, 0, []]);
});

describe("the ledger of a connection", () => {
  test("keeps no more of what is uncertain than may wait, and counts the rest", () => {
    const ledger = new Ledger({ maxQueuedMessages: 2, maxQueuedBytes: 100 });
    for (const message of ["a", "b", "c", "d"]) ledger.given(message, false);
    expect(ledger.remains(0)).toEqual({ unsent: [], uncertain: ["c", "d"], omitted: 2 });
    ledger.given("probe", true);
    ledger.confirm();
    expect(ledger.remains(0)).toEqual({ unsent: [], uncertain: [], omitted: 0 });
  });

  test("counts what it no longer has though a probe that is no longer there is answered", () => {
    const ledger = new Ledger({ maxQueuedMessages: 2, maxQueuedBytes: 100 });
    ledger.given("probe", true);
    for (const message of ["a", "b", "c"]) ledger.given(message, false);
    ledger.confirm();
    expect(ledger.remains(0)).toEqual({ unsent: [], uncertain: ["b", "c"], omitted: 1 });
  });

  test("keeps no more bytes than may wait", () => {
    const ledger = new Ledger({ maxQueuedMessages: 100, maxQueuedBytes: 5 });
    for (const message of ["ab", "cd", "e", "fg"]) ledger.given(message, false);
    expect(ledger.remains(0)).toEqual({ unsent: [], uncertain: ["cd", "e", "fg"], omitted: 1 });
    expect(ledger.givenInAll).toBe(7);
  });

  test("takes no answer to a probe that it no longer has for one to a later probe", () => {
    const ledger = new Ledger({ maxQueuedMessages: 3, maxQueuedBytes: 100 });
    ledger.given("probe", true);
    for (const message of ["a", "b"]) ledger.given(message, false);
    ledger.given("probe", true);
    ledger.confirm();
    expect(ledger.remains(0)).toEqual({ unsent: [], uncertain: ["a", "b"], omitted: 0 });
    ledger.confirm();
    expect(ledger.remains(0)).toEqual({ unsent: [], uncertain: [], omitted: 0 });
  });

  test("accounts for every message once, whatever leaves, drops and is confirmed", () => {
    const event = fc.oneof(
      fc.constant("send" as const),
      fc.constant("probe" as const),
      fc.constant("confirm" as const),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const limits = { maxQueuedMessages: 1000, maxQueuedBytes: 100_000 };
        const queue = new SendQueue();
        let ledger = new Ledger(limits);
        let next = 0;
        const told: string[] = [];
        const confirmed = new Set<string>();
        let given: string[] = [];
        let probedAt: number[] = [];
        const giveAll = (): void => {
          while (queue.length > 0) {
            const message = queue.take() as string;
            ledger.given(message, false);
            given.push(message);
          }
        };
        for (const each of events) {
          if (each === "send") {
            queue.add(`m${next++}`);
            giveAll();
          } else if (each === "probe") {
            ledger.given("p", true);
            probedAt.push(given.length);
          } else if (each === "confirm") {
            ledger.confirm();
            const count = probedAt.shift() ?? 0;
            for (const message of given.splice(0, count)) confirmed.add(message);
            probedAt = probedAt.map((at) => at - count);
          } else {
            const bytes = given.reduce((sum, message) => sum + message.length, 0);
            const { unsent, uncertain } = ledger.remains(Math.floor(bytes * each));
            told.push(...(uncertain as string[]));
            queue.putBack(unsent);
            expect(queue.bytes).toBe(unsent.reduce<number>((sum, message) => sum + (message as string).length, 0));
            ledger = new Ledger(limits);
            given = [];
            probedAt = [];
            giveAll();
          }
        }
        const all = [...told, ...confirmed, ...(ledger.remains(0).uncertain as string[])];
        expect(all.toSorted()).toEqual(Array.from({ length: next }, (_, index) => `m${index}`).toSorted());
        expect(queue.bytes).toBe(0);
      }),
    );
  });
});
