import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { ConnectionError, TimerWheel } from "../../src/connection/index.js";
import { Reader, type ReaderOwner } from "../../src/connection/reader.js";
import { receiveInTime } from "../../src/connection/timed-receive.js";
import { meetOnClock } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { nextTurn } from "../support/turns.js";

describe("receive({ timeoutMs })", () => {
  test("gives a message that comes in time, and the time is over with that", async () => {
    const { clock, peer, connection } = await meetOnClock({ pingIntervalMs: 0 });
    const message = connection.receive({ timeoutMs: 500 });
    clock.advance(499);
    peer.say("in time");
    expect(await message).toBe("in time");
    clock.advance(100);
    expect(clock.isTicking).toBe(false);
  });

  test("rejects with receive-timeout, and the connection goes on: the message that comes later is there", async () => {
    const { clock, peer, connection } = await meetOnClock();
    const message = connection.receive({ timeoutMs: 500 });
    clock.advance(500);
    await expect(message).rejects.toMatchObject({
      name: "ConnectionError",
      code: "receive-timeout",
      message: "no message came within timeoutMs (500); the connection goes on",
    });
    expect(connection.state).toBe("open");
    peer.say("later", "and later");
    expect(await connection.receive({ timeoutMs: 500 })).toBe("later");
    expect(await connection.receive()).toBe("and later");
  });

  test("of 0 takes what has been received already, and waits for nothing", async () => {
    const { peer, connection } = await meetOnClock();
    await expect(connection.receive({ timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
    peer.say("one", "two");
    expect(await connection.receive()).toBe("one");
    expect(await connection.receive({ timeoutMs: 0 })).toBe("two");
    await expect(connection.receive({ timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
  });

  test("gives undefined when there will be no more, at once", async () => {
    const { peer, connection } = await meetOnClock();
    const message = connection.receive({ timeoutMs: 60_000 });
    peer.close(1000);
    expect(await message).toBeUndefined();
    expect(await connection.receive({ timeoutMs: 60_000 })).toBeUndefined();
    await peer.leave();
  });

  test("rejects with already-reading like any other", async () => {
    const { connection } = await meetOnClock();
    const first = connection.receive();
    await expect(connection.receive({ timeoutMs: 0 })).rejects.toMatchObject({ code: "already-reading" });
    void connection.close();
    expect(await first).toBeUndefined();
  });

  test.each([-1, 0.5, Number.NaN])("of %d throws a RangeError", async (timeoutMs) => {
    const { connection } = await meetOnClock();
    expect(() => connection.receive({ timeoutMs })).toThrow(RangeError);
    expect(() => connection.receive({ timeoutMs: "1" as never })).toThrow("option timeoutMs got");
  });
});

describe("receive({ signal })", () => {
  test("rejects with the reason of the signal, and the message that comes later is there", async () => {
    const { peer, connection } = await meetOnClock();
    const controller = new AbortController();
    const message = connection.receive({ signal: controller.signal });
    controller.abort(new Error("not any more"));
    await expect(message).rejects.toThrow("not any more");
    peer.say("later");
    expect(await connection.receive({ signal: new AbortController().signal })).toBe("later");
  });

  test("that is aborted already takes no message", async () => {
    const { peer, connection } = await meetOnClock();
    peer.say("one", "two");
    expect(await connection.receive()).toBe("one");
    await nextTurn();
    await expect(connection.receive({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(await connection.receive()).toBe("two");
  });

  test("leaves no listener behind, however it ends", async () => {
    const { clock, peer, connection } = await meetOnClock();
    const { signal } = new AbortController();
    peer.say("one");
    expect(await connection.receive({ signal })).toBe("one");
    const late = connection.receive({ signal, timeoutMs: 100 });
    clock.advance(100);
    await expect(late).rejects.toMatchObject({ code: "receive-timeout" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("that is aborted in the turn in which a message was given out does not take it back", async () => {
    const owner: ReaderOwner = {
      pump() {},
      pumpSoon() {},
      hasEnded: false,
      givesPieces: false,
      messageCut: () => new ConnectionError("message-cut", ""),
      handleMessage() {},
      onHandlerFailure() {},
    };
    const reader = new Reader(owner);
    const controller = new AbortController();
    const message = receiveInTime(reader, new TimerWheel(new FakeClock()), { signal: controller.signal });
    reader.deliver("just in time");
    controller.abort();
    expect(await message).toBe("just in time");
  });
});
