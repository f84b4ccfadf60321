import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Connection, ReceiveOptions, SendOptions } from "../../src/connection/index.js";
import { encodeJson, type JsonCarrier, JsonChannel, jsonChannel, jsonHandler } from "../../src/json/index.js";
import { type ClockedMeeting, meetOnClock } from "../support/clocked-meeting.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import type { RawPeer } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";
import { SlowSchema } from "./support/slow-schema.js";

/** Whether the next message of a connection has come compressed. */
async function isNextCompressed(peer: RawPeer): Promise<boolean> {
  const said = await peer.hear();
  if (said !== undefined && "compressed" in said) return true;
  expect(said).toHaveProperty("text");
  return false;
}

const token = { token: "x".repeat(200) };
const asTheyAre: SendOptions[] = [{ secret: true }, { compress: false }, { secret: true, compress: true }];

describe("the options of a message", () => {
  test("go with what a channel sends and writes", async () => {
    const { peer, connection } = await meetCompressed();
    const channel = jsonChannel(connection);
    for (const options of asTheyAre) {
      await channel.send(token, options);
      expect(await isNextCompressed(peer.raw)).toBe(false);
      channel.write(token, options);
      expect(await isNextCompressed(peer.raw)).toBe(false);
    }
    await channel.send(token);
    expect(await isNextCompressed(peer.raw)).toBe(true);
    channel.write(token);
    expect(await isNextCompressed(peer.raw)).toBe(true);
  });

  test("compress what is too short for it otherwise", async () => {
    const { peer, connection } = await meetCompressed({ compression: { thresholdBytes: 1_000 } });
    const channel = jsonChannel(connection);
    await channel.send(token);
    expect(await isNextCompressed(peer.raw)).toBe(false);
    await channel.send(token, { compress: true });
    expect(await isNextCompressed(peer.raw)).toBe(true);
  });

  test("wait with the message for an asynchronous schema, and for those before it", async () => {
    const { peer, connection } = await meetCompressed();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { send: slow.schema });
    void channel.send("a", { secret: true });
    void channel.send("b");
    channel.write("quick", { secret: true });
    channel.write("quick");
    await nextTurn();
    slow.decide();
    slow.decide();
    const compressed: boolean[] = [];
    for (let i = 0; i < 4; i++) compressed.push(await isNextCompressed(peer.raw));
    expect(compressed).toEqual([false, true, false, true]);
  });

  test("are the connection's own where a handler sends", async () => {
    const { peer, connection } = await meetCompressed();
    connection.handle(
      jsonHandler(z.boolean(), {
        message: (socket, secret) => socket.write(encodeJson(token), { secret }),
      }),
    );
    peer.say("true", "false");
    expect(await isNextCompressed(peer.raw)).toBe(false);
    expect(await isNextCompressed(peer.raw)).toBe(true);
  });
});

describe("a carrier", () => {
  test("need not know the options", async () => {
    const sent: string[] = [];
    const plain = {
      needsDrain: false,
      send: async (message: string) => void sent.push(message),
      write: (message: string) => sent.push(message) > 0,
      receive: async () => '"a"',
      close: async () => {},
    };
    expectTypeOf(plain).toExtend<JsonCarrier>();
    expectTypeOf<Connection>().toExtend<JsonCarrier>();
    const channel = jsonChannel(plain);
    await channel.send(1, { secret: true });
    channel.write(2, { compress: true });
    expect(sent).toEqual(["1", "2"]);
    expect(await channel.receive({ timeoutMs: 1 })).toBe("a");
  });
});

/** A channel of texts that drops what is none, on a clock that the test moves. */
async function meetInTime(): Promise<ClockedMeeting & { readonly channel: JsonChannel<string, unknown> }> {
  const meeting = await meetOnClock({ pingIntervalMs: 0 });
  const { connection, clock } = meeting;
  return { ...meeting, channel: new JsonChannel(connection, z.string(), z.unknown(), "skip", clock.nowMs) };
}

describe("receive() of a channel", () => {
  test("gives up after timeoutMs, and the value that comes later is there", async () => {
    const { clock, peer, channel } = await meetInTime();
    const value = channel.receive({ timeoutMs: 500 });
    clock.advance(500);
    await expect(value).rejects.toMatchObject({ name: "ConnectionError", code: "receive-timeout" });
    peer.say('"later"');
    expect(await channel.receive({ timeoutMs: 500 })).toBe("later");
  });

  test("gives up when its signal is aborted", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection);
    const controller = new AbortController();
    const value = channel.receive({ signal: controller.signal });
    controller.abort(new Error("not any more"));
    await expect(value).rejects.toThrow("not any more");
    await expect(channel.receive({ signal: controller.signal })).rejects.toThrow("not any more");
    peer.say('"later"');
    expect(await channel.receive({ signal: new AbortController().signal, timeoutMs: 60_000 })).toBe("later");
  });

  test("waits no longer for messages that are skipped meanwhile", async () => {
    const { clock, peer, connection, channel } = await meetInTime();
    let hasEnded = false;
    const value = channel.receive({ timeoutMs: 500 }).finally(() => (hasEnded = true));
    for (let passedMs = 0; passedMs < 400; passedMs += 100) {
      peer.say("1");
      const answered = connection.ping(); // what was said before it has been received when the pong is there
      const ping = await peer.hear();
      peer.send({ opcode: 0xa, payload: (ping as { ping: string }).ping });
      await answered;
      clock.advance(100);
    }
    expect(hasEnded).toBe(false);
    clock.advance(100);
    await expect(value).rejects.toMatchObject({ code: "receive-timeout" });
  });

  test("of timeoutMs 0 takes the first that is right of those that have come", async () => {
    const { peer, channel } = await meetInTime();
    peer.say('"before"', "1", "2", '"right"');
    expect(await channel.receive()).toBe("before");
    expect(await channel.receive({ timeoutMs: 0 })).toBe("right");
    await expect(channel.receive({ timeoutMs: 0 })).rejects.toMatchObject({ code: "receive-timeout" });
  });

  test("goes through what a peer has sent meanwhile for a tenth of a second, should it take long to skip that", async () => {
    const { clock, peer, connection } = await meetOnClock({ pingIntervalMs: 0 });
    let skips = 0;
    const skipSlowly = async (): Promise<"skip"> => {
      skips++;
      await nextTurn();
      clock.advance(100);
      return "skip";
    };
    const channel = new JsonChannel(connection, z.string(), z.unknown(), skipSlowly, clock.nowMs);
    peer.say(...Array.from({ length: 20 }, () => "1"), '"right"');
    await expect(channel.receive({ timeoutMs: 200 })).rejects.toMatchObject({
      name: "ConnectionError",
      code: "receive-timeout",
    });
    expect(skips).toBe(4);
    expect(await channel.receive()).toBe("right");
  });

  test("gives out a value that came in time, though its schema took longer", async () => {
    const { clock, peer, connection } = await meetOnClock();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { receive: slow.schema });
    const value = channel.receive({ timeoutMs: 500 });
    peer.say('"a"');
    await until(() => slow.waiting === 1);
    clock.advance(1_000);
    slow.decide();
    expect(await value).toBe("a");
  });

  test.each<[ReceiveOptions, string]>([
    [{ timeoutMs: -1 }, "option timeoutMs got -1"],
    [{ signal: "stop" as never }, "option signal got"],
    [{ timeout: 1 } as ReceiveOptions, 'no option "timeout"'],
  ])("rejects with %o", async (options, why) => {
    const { channel } = await meetInTime();
    await expect(channel.receive(options)).rejects.toThrow(why);
  });
});
