import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Connection,
  ConnectionError,
  type Message,
  type MessageStream,
  type ReceiveOptions,
  TimerWheel,
} from "../../src/connection/index.js";
import { Reader, type ReaderOwner } from "../../src/connection/reader.js";
import { receiveInTime, receiveStreamInTime } from "../../src/connection/timed-receive.js";
import { meetOnClock } from "../support/clocked-meeting.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { FakeClock } from "../support/fake-clock.js";
import { continuation, text } from "../support/raw-peer.js";
import { nextTurn } from "../support/turns.js";

async function textOf(stream: MessageStream | undefined): Promise<Message | undefined> {
  if (stream === undefined) return undefined;
  const pieces: Message[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces.join("");
}

type Receive = (connection: Connection, options?: ReceiveOptions) => Promise<Message | undefined>;

const ways: Record<string, Receive> = {
  "receive()": (connection, options) => connection.receive(options),
  "receiveStream()": (connection, options) => connection.receiveStream(options).then(textOf),
};

describe.each(Object.entries(ways))("%s with timeoutMs", (_, receive) => {
  test("gives a message that comes in time, and the time is over with that", async () => {
    const { clock, peer, connection } = await meetOnClock({ pingIntervalMs: 0 });
    const message = receive(connection, { timeoutMs: 500 });
    clock.advance(499);
    peer.say("in time");
    expect(await message).toBe("in time");
    clock.advance(100);
    expect(clock.isTicking).toBe(false);
  });

  test("rejects with receive-timeout, and the connection goes on: what comes later is there for either way", async () => {
    const { clock, peer, connection } = await meetOnClock();
    const message = receive(connection, { timeoutMs: 500 });
    clock.advance(500);
    await expect(message).rejects.toMatchObject({
      name: "ConnectionError",
      code: "receive-timeout",
      message: "no message came within timeoutMs (500); the connection goes on",
    });
    expect(connection.state).toBe("open");
    peer.say("later", "and later", "at last");
    expect(await receive(connection, { timeoutMs: 500 })).toBe("later");
    expect(await connection.receive()).toBe("and later");
    expect(await textOf(await connection.receiveStream())).toBe("at last");
  });

  test("of 0 takes what has been received already, and waits for nothing", async () => {
    const { peer, connection } = await meetOnClock();
    await expect(receive(connection, { timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
    peer.say("one", "two");
    expect(await receive(connection)).toBe("one");
    expect(await receive(connection, { timeoutMs: 0 })).toBe("two");
    await expect(receive(connection, { timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
  });

  test("gives undefined when there will be no more, at once", async () => {
    const { peer, connection } = await meetOnClock();
    const message = receive(connection, { timeoutMs: 60_000 });
    peer.close(1000);
    expect(await message).toBeUndefined();
    expect(await receive(connection, { timeoutMs: 60_000 })).toBeUndefined();
    await peer.leave();
  });

  test("rejects with already-reading like any other", async () => {
    const { connection } = await meetOnClock();
    const first = connection.receive();
    await expect(receive(connection, { timeoutMs: 0 })).rejects.toMatchObject({ code: "already-reading" });
    void connection.close();
    expect(await first).toBeUndefined();
  });
});

describe.each(Object.entries(ways))("%s with a signal", (_, receive) => {
  test("rejects with its reason when it is aborted, and the message that comes later is there", async () => {
    const { peer, connection } = await meetOnClock();
    const controller = new AbortController();
    const message = receive(connection, { signal: controller.signal });
    controller.abort(new Error("not any more"));
    await expect(message).rejects.toThrow("not any more");
    peer.say("later");
    expect(await receive(connection, { signal: new AbortController().signal })).toBe("later");
  });

  test("that is aborted already takes no message", async () => {
    const { peer, connection } = await meetOnClock();
    peer.say("one", "two");
    expect(await receive(connection)).toBe("one");
    await nextTurn();
    await expect(receive(connection, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(await receive(connection)).toBe("two");
  });

  test("leaves no listener behind, however it ends", async () => {
    const { clock, peer, connection } = await meetOnClock();
    const { signal } = new AbortController();
    peer.say("one");
    expect(await receive(connection, { signal })).toBe("one");
    const late = receive(connection, { signal, timeoutMs: 100 });
    clock.advance(100);
    await expect(late).rejects.toMatchObject({ code: "receive-timeout" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe.each(["receive", "receiveStream"] as const)("%s() throws for options that are none", (method) => {
  test.each<[options: unknown, error: typeof TypeError | typeof RangeError, why: string]>([
    [{ timeoutMs: -1 }, RangeError, "option timeoutMs got -1"],
    [{ timeoutMs: 0.5 }, RangeError, "option timeoutMs got 0.5"],
    [{ timeoutMs: Number.NaN }, RangeError, "option timeoutMs got NaN"],
    [{ timeoutMs: "1" }, TypeError, "option timeoutMs got"],
    [{ signal: {} }, TypeError, "option signal got an object; it takes an AbortSignal"],
    [{ timeout: 1 }, TypeError, 'receive has no option "timeout"; it takes signal, timeoutMs'],
    [500, TypeError, "receive takes an object of options; it got 500"],
  ])("%o", async (options, error, why) => {
    const { peer, connection } = await meetOnClock();
    const act = (): unknown => connection[method](options as ReceiveOptions);
    expect(act).toThrow(error);
    expect(act).toThrow(why);
    peer.say("still there");
    expect(await connection.receive()).toBe("still there");
  });
});

describe("receiveStream({ timeoutMs })", () => {
  test("waits for the beginning of a message; the rest may take its time", async () => {
    const { clock, peer, connection } = await meetOnClock();
    const pending = connection.receiveStream({ timeoutMs: 500 });
    peer.send(text("begun ", false));
    const stream = await pending;
    clock.advance(10_000);
    peer.send(continuation("and ended"));
    expect(await textOf(stream)).toBe("begun and ended");
  });

  test("of 0 takes a message that has begun", async () => {
    const { peer, connection } = await meetOnClock();
    peer.send(text("first"), text("begun ", false));
    expect(await connection.receive()).toBe("first");
    await nextTurn();
    const stream = await connection.receiveStream({ timeoutMs: 0 });
    peer.send(continuation("and ended"));
    expect(await textOf(stream)).toBe("begun and ended");
  });

  test("given up has the next message come whole again, compressed or not", async () => {
    const { peer, connection } = await meetCompressed();
    await expect(connection.receiveStream({ timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
    peer.raw.send(text("plain ", false), continuation("text"));
    expect(await connection.receive()).toBe("plain text");
    await expect(connection.receiveStream({ signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(connection.receiveStream({ timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
    peer.raw.send(...peer.frames("compressed text", 3));
    expect(await connection.receive()).toBe("compressed text");
  });

  test("given up in the middle of dropping another message leaves the next one whole", async () => {
    const { peer, connection } = await meetOnClock();
    peer.send(text("dropped ", false));
    (await connection.receiveStream())?.cancel();
    await expect(connection.receiveStream({ timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
    peer.send(continuation("too"), text("next"));
    expect(await connection.receive()).toBe("next");
  });
});

describe("when giving up and a message meet in one turn", () => {
  /** A reader by itself, to which the test brings messages in the very turn that it wants. */
  function alone(): { reader: Reader; clock: FakeClock; timers: TimerWheel } {
    const owner: ReaderOwner = {
      pump() {},
      pumpSoon() {},
      hasEnded: false,
      givesPieces: false,
      messageCut: () => new ConnectionError("message-cut", ""),
      handleMessage() {},
      onHandlerFailure() {},
    };
    const clock = new FakeClock();
    return { reader: new Reader(owner), clock, timers: new TimerWheel(clock) };
  }

  test("the message that was given out first is not taken back", async () => {
    const { reader, timers } = alone();
    const controller = new AbortController();
    const message = receiveInTime(reader, timers, { signal: controller.signal });
    reader.deliver("just in time");
    controller.abort();
    expect(await message).toBe("just in time");
  });

  test("the stream of a message that began first is not taken back, though its time is over", async () => {
    const { reader, clock, timers } = alone();
    const controller = new AbortController();
    const stream = receiveStreamInTime(reader, timers, { timeoutMs: 500, signal: controller.signal });
    reader.begin(true);
    clock.advance(500);
    controller.abort();
    reader.deliverPiece(Buffer.from("just in time"), 0, 12, true);
    expect(await textOf(await stream)).toBe("just in time");
  });

  test("the message that comes second is there for who reads next", async () => {
    const { reader, clock, timers } = alone();
    const late = receiveStreamInTime(reader, timers, { timeoutMs: 500 });
    clock.advance(500);
    reader.deliver("too late");
    await expect(late).rejects.toMatchObject({ code: "receive-timeout" });
    expect(await receiveInTime(reader, timers, { timeoutMs: 0 })).toBe("too late");
  });
});
