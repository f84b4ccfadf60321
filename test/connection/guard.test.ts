import { describe, expect, test } from "vitest";
import { Connection, QueuedBytesBudget } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import { type ClockedMeeting, meetOnClock, timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { continuation, masked, ping, pong, text } from "../support/raw-peer.js";
import { recorder } from "../support/recording-handler.js";
import { nextTurn, until } from "../support/turns.js";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Resolves once all that the peer has written has been read on our side. */
async function arrived({ peer, socket }: ClockedMeeting): Promise<void> {
  await until(() => socket.bytesRead >= peer.raw.socket.bytesWritten && peer.raw.socket.writableLength === 0);
  await nextTurn();
}

/** Has the peer stop reading, and sends it messages until the kernel takes no more and `bytes` are queued. */
async function fill({ peer, connection }: ClockedMeeting, bytes: number): Promise<void> {
  peer.raw.stopReading();
  while (connection.bufferedBytes < bytes) {
    connection.write(new Uint8Array(64 * KIB));
    await nextTurn();
  }
}

describe("a peer that is pinged", () => {
  test.each(["server", "client"] as const)("and is silent is told so and ended with 1011, by a %s", async (role) => {
    const meeting = await meetOnClock({ pingIntervalMs: 30 * SECOND, pongTimeoutMs: 20 * SECOND }, role);
    const { clock, peer, connection } = meeting;
    const told: string[] = [];
    connection.handle(recorder(told));
    clock.advance(31 * SECOND);
    await nextTurn();
    clock.advance(19 * SECOND);
    expect(connection.state).toBe("open");
    clock.advance(SECOND);
    expect(connection.state).toBe("closing");
    expect(told).toEqual(["open", "error ping-timeout"]);
    if (role === "server") {
      expect(await peer.leave()).toEqual([{ ping: "0" }, { close: 1011, reason: "ping-timeout" }]);
    } else {
      await peer.raw.ended;
      peer.raw.end();
    }
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1011, reason: "ping-timeout", by: "us", clean: false });
    expect(info.error).toMatchObject({
      name: "ConnectionError",
      code: "ping-timeout",
      message: "ping-timeout: The peer sent nothing after a ping. (pongTimeoutMs: 20000 ms)",
    });
  });

  test("and is gone is cut off after closeTimeoutMs, for it does not end its side either", async () => {
    const { clock, peer, connection } = await meetOnClock({ closeTimeoutMs: 5 * SECOND });
    clock.advance(61 * SECOND);
    expect(connection.state).toBe("closing");
    await peer.raw.ended;
    clock.advance(5 * SECOND);
    expect(await connection.closed).toMatchObject({ code: 1011, error: { code: "ping-timeout" } });
  });

  test("and answers stays, and the time that it took is known", async () => {
    const meeting = await meetOnClock();
    const { clock, peer, connection } = meeting;
    connection.handle({});
    expect(connection.roundTripMs).toBeUndefined();
    clock.advance(100);
    let sincePingMs = 0;
    for (const roundTripMs of [40, 70]) {
      clock.advance(30 * SECOND - sincePingMs);
      const said = (await peer.hear()) as { ping: string };
      clock.advance(roundTripMs);
      peer.send(pong(said.ping));
      await until(() => connection.roundTripMs === roundTripMs);
      sincePingMs = roundTripMs;
    }
    expect(connection.state).toBe("open");
  });

  test("and says something else stays", async () => {
    const meeting = await meetOnClock();
    const { clock, peer, connection } = meeting;
    connection.handle({});
    for (let i = 0; i < 10; i++) {
      clock.advance(20 * SECOND);
      peer.say("I am here");
      await arrived(meeting);
    }
    expect(connection.state).toBe("open");
    expect(connection.roundTripMs).toBeUndefined();
  });

  test("and is slow to send one long message stays", async () => {
    const meeting = await meetOnClock({ messageTimeoutMs: 0 });
    const { clock, peer, connection } = meeting;
    connection.handle({});
    const bytes = masked(text("x".repeat(20)));
    for (const byte of bytes) {
      peer.raw.write(Uint8Array.of(byte));
      await arrived(meeting);
      clock.advance(25 * SECOND);
      expect(connection.state).toBe("open");
    }
  });

  test("while a slow handler keeps us from reading stays, as long as that takes", async () => {
    const meeting = await meetOnClock();
    const { clock, peer, connection } = meeting;
    const gate = defer<void>();
    const heard: unknown[] = [];
    connection.handle({
      message: async (_, message) => {
        heard.push(message);
        await gate.promise;
      },
    });
    for (const word of ["one", "two"]) {
      peer.say(word);
      await arrived(meeting);
    }
    peer.say("three");
    clock.advance(HOUR);
    expect(connection.state).toBe("open");
    gate.resolve();
    await until(() => heard.length === 3);
    clock.advance(29 * SECOND);
    expect(connection.state).toBe("open");
    clock.advance(2 * SECOND);
    expect(connection.state).toBe("closing");
  });

  test("also by `ping()` has the latest time of either known", async () => {
    const { peer, connection } = await meetOnClock({ pingIntervalMs: 0 });
    connection.handle({});
    const answered = connection.ping("mine");
    await peer.hear();
    peer.send(pong("mine"));
    expect(connection.roundTripMs).toBe(undefined);
    expect(await answered).toBe(0);
    expect(connection.roundTripMs).toBe(0);
  });

  test("and answers only the latest of several pings has that one measured", async () => {
    const meeting = await meetOnClock({ pongTimeoutMs: 0 });
    const { clock, peer, connection } = meeting;
    connection.handle({});
    clock.advance(30_100);
    clock.advance(30_000);
    expect([await peer.hear(), await peer.hear()]).toEqual([{ ping: "0" }, { ping: "1" }]);
    clock.advance(10);
    peer.send(pong("0"), pong("1"));
    await until(() => connection.roundTripMs !== undefined);
    expect(connection.roundTripMs).toBe(10);
  });
});

describe("a connection that is closed for its time", () => {
  test.each([
    ["idleTimeoutMs", "idle-timeout"],
    ["maxLifetimeMs", "max-lifetime"],
  ])("by %s says 1001 and why, and waits for the answer", async (option, reason) => {
    const { clock, peer, connection } = await meetOnClock({ [option]: 10 * SECOND });
    const told: string[] = [];
    connection.handle(recorder(told));
    clock.advance(11 * SECOND);
    expect(await peer.hear()).toEqual({ close: 1001, reason });
    expect(connection.state).toBe("closing");
    peer.close(1001);
    await peer.leave();
    expect(await connection.closed).toEqual({ code: 1001, reason, by: "us", clean: true, error: undefined });
    await until(() => told.length === 2);
    expect(told).toEqual(["open", "close 1001"]);
  });

  test("is not idle while it gets messages, nor while it sends them", async () => {
    const meeting = await meetOnClock({ idleTimeoutMs: 10 * SECOND });
    const { clock, peer, connection } = meeting;
    for (let i = 0; i < 5; i++) {
      clock.advance(9 * SECOND);
      peer.say("hello");
      expect(await connection.receive()).toBe("hello");
      clock.advance(9 * SECOND);
      await connection.send("hello");
    }
    expect(connection.state).toBe("open");
  });

  test("is idle though pings and pongs go back and forth", async () => {
    const meeting = await meetOnClock({ idleTimeoutMs: 60 * SECOND, pingIntervalMs: 10 * SECOND });
    const { clock, peer, connection } = meeting;
    connection.handle({});
    for (let i = 0; i < 6; i++) {
      clock.advance(10 * SECOND);
      peer.send(ping("?"), pong("!"));
      await arrived(meeting);
    }
    expect(connection.state).toBe("open");
    clock.advance(SECOND);
    expect(connection.state).toBe("closing");
  });

  test("is not idle while a message is handled, nor for its full time after that", async () => {
    const meeting = await meetOnClock({ idleTimeoutMs: 60 * SECOND, pongTimeoutMs: 0 });
    const { clock, peer, connection } = meeting;
    const gate = defer<void>();
    connection.handle({ message: () => gate.promise });
    peer.say("work");
    await arrived(meeting);
    clock.advance(HOUR);
    expect(connection.state).toBe("open");
    gate.resolve();
    await nextTurn();
    clock.advance(60 * SECOND);
    expect(connection.state).toBe("open");
    clock.advance(SECOND);
    expect(connection.state).toBe("closing");
  });
});

describe("a message that has begun", () => {
  const patient = { pingIntervalMs: 0, messageTimeoutMs: 60 * SECOND };

  test("and does not go on ends its connection with 1008", async () => {
    const meeting = await meetOnClock(patient);
    const { clock, peer, connection } = meeting;
    peer.send(text("begun", false));
    await arrived(meeting);
    clock.advance(61 * SECOND);
    expect(await peer.leave()).toEqual([{ close: 1008, reason: "message-timeout" }]);
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1008, by: "us", clean: false, error: { code: "message-timeout" } });
    expect(info.error?.message).toContain("messageTimeoutMs: 60000 ms");
  });

  test("and has come whole holds nobody to a time; the next that begins has its own", async () => {
    const meeting = await meetOnClock({ ...patient, idleTimeoutMs: 0 });
    const { clock, peer, connection } = meeting;
    connection.handle({});
    peer.send(text("begun", false));
    await arrived(meeting);
    clock.advance(30 * SECOND);
    peer.send(continuation(" and whole"));
    await arrived(meeting);
    clock.advance(HOUR);
    expect(connection.state).toBe("open");
    peer.send(text("begun", false));
    await arrived(meeting);
    clock.advance(50 * SECOND);
    peer.send(continuation(" and whole"), text("the next", false));
    await arrived(meeting);
    clock.advance(59 * SECOND);
    expect(connection.state).toBe("open");
    clock.advance(2 * SECOND);
    expect(connection.state).toBe("closing");
  });

  test("and comes one byte a second, with pings between, ends it as well", async () => {
    const meeting = await meetOnClock(patient);
    const { clock, peer, connection } = meeting;
    connection.handle({});
    let seconds = 0;
    for (; connection.state === "open" && seconds < 100; seconds++) {
      peer.send(seconds === 0 ? text("x", false) : continuation("x", false), ping());
      await arrived(meeting);
      clock.advance(SECOND);
    }
    expect(seconds).toBe(61);
  });

  test("may take as long as its reader lets it", async () => {
    const meeting = await meetOnClock({ ...patient, maxMessageBytes: 100 * MIB });
    const { clock, peer, connection } = meeting;
    // Nobody reads: what has begun is gathered up to a few reads, and then waits for a reader of ours.
    peer.send({ ...text("x".repeat(600 * KIB), false) });
    for (let i = 0; i < 50; i++) await nextTurn();
    clock.advance(HOUR);
    expect(connection.state).toBe("open");
    const message = connection.receive();
    peer.send(continuation("!"));
    expect(await message).toHaveLength(600 * KIB + 1);
  });

  test("and is read as a stream may wait for its reader as long as that likes", async () => {
    const meeting = await meetOnClock(patient);
    const { clock, peer, connection } = meeting;
    const pending = connection.receiveStream();
    peer.send(text("begun", false));
    const pieces = (await pending)?.[Symbol.asyncIterator]();
    peer.send(continuation(" and here", false));
    await arrived(meeting);
    clock.advance(HOUR);
    expect(connection.state).toBe("open");
    expect([await pieces?.next(), await pieces?.next()]).toMatchObject([{ value: "begun" }, { value: " and here" }]);
    clock.advance(62 * SECOND);
    expect(connection.state).toBe("closing");
  });

  test("and is read as a stream gets a second more for each 4,000 bytes", async () => {
    const meeting = await meetOnClock({ ...patient, maxMessageBytes: 100 * MIB });
    const { clock, peer, connection } = meeting;
    peer.send(text("x".repeat(4_000), false));
    const stream = await connection.receiveStream();
    let length = 0;
    const reading = (async () => {
      for await (const piece of stream ?? []) length += piece.length;
    })().catch((error: unknown) => error);
    for (let i = 1; i <= 200; i++) {
      await until(() => length === i * 4_000);
      clock.advance(SECOND);
      peer.send(continuation("x".repeat(4_000), false));
    }
    await until(() => length === 201 * 4_000);
    expect(connection.state).toBe("open");
    clock.advance(62 * SECOND);
    expect(connection.state).toBe("closing");
    expect(await reading).toMatchObject({ code: "message-cut", cause: { code: "message-timeout" } });
  });
});

describe("a peer that takes nothing of what is queued for it", () => {
  const options = { pingIntervalMs: 0, writeTimeoutMs: 60 * SECOND, maxBufferedBytes: Infinity };

  test("is cut off after writeTimeoutMs", async () => {
    const meeting = await meetOnClock(options);
    const { clock, connection } = meeting;
    const told: string[] = [];
    connection.handle(recorder(told));
    await fill(meeting, MIB);
    const waiting = connection.send("never");
    clock.advance(59 * SECOND);
    expect(connection.state).toBe("open");
    clock.advance(17 * SECOND);
    expect(connection.state).toBe("closing");
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1008, reason: "", by: "us", clean: false, error: { code: "write-timeout" } });
    expect(info.error?.message).toContain("writeTimeoutMs: 60000 ms");
    await expect(waiting).rejects.toMatchObject({ code: "not-open", cause: { code: "write-timeout" } });
    await until(() => told.length === 3);
    expect(told).toEqual(["open", "error write-timeout", "close 1008"]);
  });

  test("and then takes something stays, also where that is a part of one long message", async () => {
    const meeting = await meetOnClock(options);
    const { clock, peer, connection } = meeting;
    peer.raw.discard();
    peer.raw.stopReading();
    connection.write(new Uint8Array(64 * MIB));
    await until(() => connection.bufferedBytes > 0);
    for (let i = 0; i < 5; i++) {
      clock.advance(50 * SECOND);
      expect(connection.state).toBe("open");
      const { bufferedBytes } = connection;
      const aim = peer.raw.socket.bytesRead + 8 * MIB;
      peer.raw.readOn();
      await until(() => peer.raw.socket.bytesRead >= aim);
      peer.raw.stopReading();
      expect(connection.bufferedBytes).toBeLessThan(bufferedBytes);
    }
    expect(connection.state).toBe("open");
  });
});

describe("rateLimit", () => {
  const quiet = { pingIntervalMs: 0, messageTimeoutMs: 0 };

  test("by default has a peer wait that sends too many messages, and loses none", async () => {
    const meeting = await meetOnClock({ ...quiet, rateLimit: { messagesPerSecond: 10, burstSeconds: 2 } });
    const { clock, peer, connection } = meeting;
    const heard: number[] = [];
    connection.handle({ message: (_, message) => heard.push(Number(message)) });
    peer.say(...Array.from({ length: 100 }, (_, i) => `${i}`));
    await arrived(meeting);
    expect(heard).toHaveLength(20);
    clock.advance(SECOND);
    expect(heard).toHaveLength(30);
    clock.advance(7 * SECOND);
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(connection.state).toBe("open");
  });

  test("stops reading meanwhile, so that a fast peer cannot send on", async () => {
    const meeting = await meetOnClock({ ...quiet, rateLimit: { bytesPerSecond: 64 * KIB, burstSeconds: 1 } });
    const { clock, peer, connection, socket } = meeting;
    let heard = 0;
    connection.handle({ message: (_, { length }) => (heard += length) });
    peer.send(...Array.from({ length: 800 }, () => text("x".repeat(10 * KIB))));
    await until(() => socket.isPaused());
    const { bytesRead } = socket;
    for (let i = 0; i < 50; i++) await nextTurn();
    expect(socket.bytesRead).toBe(bytesRead);
    expect(bytesRead).toBeLessThan(MIB);
    for (let i = 0; heard < 8_000 * KIB; i++) {
      clock.advance(100);
      await nextTurn();
      expect(heard).toBeLessThanOrEqual((i + 1) * 6.4 * KIB + 64 * KIB + 3 * 64 * KIB);
    }
  });

  test("counts pings: a flood of them is read no faster", async () => {
    const meeting = await meetOnClock({ ...quiet, rateLimit: { messagesPerSecond: 10, burstSeconds: 1 } });
    const { clock, peer, connection, socket } = meeting;
    connection.handle({});
    const flood = Buffer.concat(Array.from({ length: 100_000 }, () => masked(ping("x".repeat(100)))));
    peer.raw.write(flood);
    await until(() => socket.isPaused());
    const { bytesRead } = socket;
    clock.advance(10 * SECOND);
    for (let i = 0; i < 50; i++) await nextTurn();
    expect(socket.bytesRead).toBe(bytesRead);
    expect(bytesRead).toBeLessThan(MIB);
  });

  test("goes on with what the receiver gives to `receive`, a loop or a stream as well", async () => {
    const meeting = await meetOnClock({ ...quiet, rateLimit: { messagesPerSecond: 1, burstSeconds: 1 } });
    const { clock, peer, connection } = meeting;
    peer.say("one", "two", "three");
    expect(await connection.receive()).toBe("one");
    for (const receive of [() => connection.receive(), () => connection.receiveStream()]) {
      const next = receive();
      let isThere = false;
      void next.then(() => (isThere = true));
      await nextTurn();
      expect(isThere).toBe(false);
      clock.advance(SECOND + 100);
      await next;
    }
  });

  test('with whenExceeded: "close" ends the connection with 1008 at the first message too many', async () => {
    const rateLimit = { messagesPerSecond: 10, burstSeconds: 1, whenExceeded: "close" } as const;
    const meeting = await meetOnClock({ ...quiet, rateLimit });
    const { peer, connection } = meeting;
    const told: string[] = [];
    connection.handle(recorder(told));
    peer.say(...Array.from({ length: 12 }, (_, i) => `${i}`));
    expect(await peer.leave()).toEqual([{ close: 1008, reason: "rate-exceeded" }]);
    expect(told.slice(0, 11)).toEqual(["open", ...Array.from({ length: 10 }, (_, i) => `message ${i}`)]);
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1008, by: "us", clean: false, error: { code: "rate-exceeded" } });
    expect(info.error?.message).toContain("10 messages and Infinity bytes a second, 1 seconds' worth at once");
  });

  test('with whenExceeded: "close" takes from a peer that keeps to it what came while we did not read', async () => {
    const rateLimit = { messagesPerSecond: 10, burstSeconds: 1, whenExceeded: "close" } as const;
    const meeting = await meetOnClock({ ...quiet, rateLimit });
    const { clock, peer, connection } = meeting;
    const gate = defer<void>();
    let heard = 0;
    connection.handle({
      message: async () => {
        heard++;
        await gate.promise;
      },
    });
    for (let i = 0; i < 100; i++) {
      peer.say("x");
      clock.advance(100);
      if (i < 2) await arrived(meeting);
    }
    gate.resolve();
    await until(() => heard === 100);
    expect(connection.state).toBe("open");
  });

  test("closes as ever while the peer waits", async () => {
    const meeting = await meetOnClock({ ...quiet, rateLimit: { messagesPerSecond: 1, burstSeconds: 1 } });
    const { peer, connection } = meeting;
    connection.handle({});
    peer.say("a", "b", "c");
    await arrived(meeting);
    const closed = connection.close();
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    await peer.leave();
    expect(await closed).toMatchObject({ clean: true });
  });
});

describe("queuedBytesBudget", () => {
  const quiet = { pingIntervalMs: 0, writeTimeoutMs: 0, maxBufferedBytes: Infinity };

  test("ends those that do not read when all together have too much queued, and spares those that do", async () => {
    const clock = new FakeClock();
    const queuedBytesBudget = new QueuedBytesBudget(4 * MIB, timersOf(clock));
    const meet = () => meetOnClock({ ...quiet, queuedBytesBudget }, "server", clock);
    const [reading, still, stiller] = [await meet(), await meet(), await meet()];
    await fill(still, MIB);
    await fill(stiller, 2 * MIB);
    expect(queuedBytesBudget.usedBytes).toBe(still.connection.bufferedBytes + stiller.connection.bufferedBytes);
    reading.peer.raw.discard();
    reading.connection.write(new Uint8Array(3 * MIB));
    const waiting = stiller.connection.send("never");
    await until(() => reading.connection.bufferedBytes === 0);
    await fill(still, 2.5 * MIB);
    clock.advance(1_200);
    const info = await still.connection.closed;
    expect(info).toMatchObject({ code: 1013, by: "us", clean: false, error: { code: "budget-exceeded" } });
    expect(info.error?.message).toContain(`more than ${4 * MIB} bytes are queued for all connections`);
    expect([reading, stiller].map(({ connection }) => connection.state)).toEqual(["open", "open"]);
    expect(queuedBytesBudget.usedBytes).toBe(stiller.connection.bufferedBytes);
    stiller.connection.terminate();
    await expect(waiting).rejects.toMatchObject({ code: "not-open" });
    expect(queuedBytesBudget.usedBytes).toBe(0);
  });

  test("counts a single message that the kernel did not take, and nothing of one that it did", async () => {
    const clock = new FakeClock();
    const queuedBytesBudget = new QueuedBytesBudget(Infinity, timersOf(clock));
    const { peer, connection } = await meetOnClock({ ...quiet, queuedBytesBudget }, "server", clock);
    connection.write("taken at once");
    expect(await peer.hear()).toEqual({ text: "taken at once" });
    expect(queuedBytesBudget.usedBytes).toBe(0);
    peer.raw.stopReading();
    connection.write(new Uint8Array(64 * MIB));
    await nextTurn();
    expect(queuedBytesBudget.usedBytes).toBe(connection.bufferedBytes);
    expect(queuedBytesBudget.usedBytes).toBeGreaterThan(MIB);
    peer.raw.discard();
    await until(() => connection.bufferedBytes === 0);
    expect(queuedBytesBudget.usedBytes).toBe(0);
  });

  test("counts messages that stand in line behind a Blob", async () => {
    const clock = new FakeClock();
    const queuedBytesBudget = new QueuedBytesBudget(Infinity, timersOf(clock));
    const { connection } = await meetOnClock({ ...quiet, queuedBytesBudget }, "server", clock);
    connection.write(new Blob([new Uint8Array(1_000)]));
    connection.write(new Uint8Array(500));
    expect(queuedBytesBudget.usedBytes).toBe(1_500);
    await until(() => connection.bufferedBytes === 0);
    expect(queuedBytesBudget.usedBytes).toBe(0);
  });
});

describe("the wheel", () => {
  test("stops when the last connection is closed: nothing of it stays armed", async () => {
    const meeting = await meetOnClock({ idleTimeoutMs: HOUR, maxLifetimeMs: HOUR });
    const { clock, peer, connection } = meeting;
    expect(connection).toBeInstanceOf(Connection);
    peer.send(text("begun", false));
    await arrived(meeting);
    expect(clock.isTicking).toBe(true);
    peer.close(1000);
    peer.send({ opcode: 0x8 });
    await peer.leave();
    await connection.closed;
    clock.advance(100);
    expect(clock.isTicking).toBe(false);
  });
});
