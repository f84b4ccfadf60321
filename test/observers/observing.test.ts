import { channel } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connect } from "../../src/client/index.js";
import { Opcode } from "../../src/protocol/index.js";
import { type Connection, type ConnectionCloseEvent, type Observer, prepare } from "../../src/connection/index.js";
import { prometheusText, Tally } from "../../src/observers/index.js";
import { meet } from "../support/meeting.js";
import { startUpgrader } from "../support/upgrade-server.js";

/** An observer that notes the names of what it is told, and what is plain of it. */
function recorder(): { readonly calls: unknown[][]; readonly observer: Observer } {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...told: unknown[]) =>
      void calls.push([name, ...told.filter((each) => typeof each !== "object")]);
  return {
    calls,
    observer: { opened: note("opened"), received: note("received"), sent: note("sent"), refused: note("refused") },
  };
}

const anyNumber: unknown = expect.any(Number);

/** Gathers what is published on a channel until the test is over. */
function listenTo(name: string): unknown[] {
  const published: unknown[] = [];
  const take = (message: unknown): void => void published.push(message);
  channel(name).subscribe(take);
  onTestFinished(() => {
    channel(name).unsubscribe(take);
  });
  return published;
}

async function echoing(observer: Observer | readonly Observer[]) {
  const server = await startUpgrader({ observer });
  const client = await connect(`ws://127.0.0.1:${server.port}/echo?token=hidden`);
  const connection = await server.accepted();
  connection.handle({ message: async (socket, message) => await socket.send(message) });
  return { server, client, connection };
}

describe("an observer", () => {
  test("counts a prepared message once, whether it goes out as it is or is masked anew", async () => {
    const { calls, observer } = recorder();
    const server = await startUpgrader({ observer });
    const client = await connect(`ws://127.0.0.1:${server.port}/`, { observer });
    const connection = await server.accepted();
    connection.handle({});
    await client.send(prepare("hello"));
    await connection.send(prepare("back"));
    expect(await client.receive()).toBe("back");
    expect(calls.filter(([name]) => name === "sent")).toEqual([
      ["sent", "text", 5],
      ["sent", "text", 4],
    ]);
  });

  test("is told of opening, of messages either way with their type and payload bytes, and of the end", async () => {
    const { calls, observer } = recorder();
    const closed = vi.fn();
    const { client } = await echoing({ ...observer, closed });
    await client.send("héllo");
    expect(await client.receive()).toBe("héllo");
    await client.send(new Uint8Array(70_000));
    await client.receive();
    await client.close(4001);
    await vi.waitUntil(() => closed.mock.calls.length > 0);
    expect(calls).toEqual([
      ["opened"],
      ["received", "text", 6],
      ["sent", "text", 6],
      ["received", "binary", 70_000],
      ["sent", "binary", 70_000],
    ]);
    expect(closed.mock.calls[0]?.[1]).toMatchObject({ code: 4001, by: "peer", clean: true });
  });

  test("may send something itself: that comes behind what it is told of, and changes nothing of it", async () => {
    const those: { board?: Connection; served?: Connection } = {};
    const observer: Observer = {
      sent: (connection) => {
        if (connection !== those.board) those.board?.write("of the board ".repeat(500));
      },
      frame: (connection, { direction, opcode }) => {
        if (connection === those.served && direction === "out" && opcode === Opcode.text)
          void those.served?.ping("seen");
      },
    };
    const compression = { thresholdBytes: 0 };
    const server = await startUpgrader({ observer, compression });
    const address = `ws://127.0.0.1:${server.port}/`;
    const watching = await connect(address, { compression });
    those.board = await server.accepted();
    const order: number[] = [];
    const client = await connect(address, {
      compression,
      observer: { frame: (_, { direction, opcode }) => void (direction === "in" && order.push(opcode)) },
    });
    those.served = await server.accepted();
    const answer = "0123456789".repeat(300);
    for (let i = 0; i < 3; i++) {
      those.served.write(answer);
      expect(await client.receive()).toBe(answer);
      expect(await watching.receive()).toBe("of the board ".repeat(500));
    }
    expect(order.slice(0, 2)).toEqual([Opcode.text, Opcode.ping]);
  });

  test("counts a message sent in fragments once", async () => {
    const { calls, observer } = recorder();
    const { connection, client } = await echoing(observer);
    async function* pieces() {
      yield "one ";
      yield "two";
    }
    await connection.send(pieces());
    expect(await client.receive()).toBe("one two");
    expect(calls.filter(([name]) => name === "sent")).toEqual([["sent", "text", 7]]);
    await client.close();
  });

  test("that throws or rejects harms neither the connection nor the others, and is told of once", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const fail = (): never => {
      throw new Error("no disk");
    };
    const reject = async (): Promise<never> => await Promise.reject(new Error("no network"));
    const bad = {
      opened: fail,
      received: fail,
      sent: reject,
      handled: fail,
      closed: reject,
      frame: fail,
      failed: fail,
    };
    const { calls, observer } = recorder();
    const { client } = await echoing([bad, observer]);
    await client.send("hello");
    expect(await client.receive()).toBe("hello");
    await client.close();
    expect(calls.map(([name]) => name)).toEqual(["opened", "received", "sent"]);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned.mock.calls[0]?.[0]).toContain("no disk");
  });

  test("sees frames, unmasked, in both directions", async () => {
    const frames: string[] = [];
    const frame: Observer["frame"] = (_, { direction, opcode, isFinal, payload }) =>
      void frames.push(`${direction} ${opcode} ${isFinal} ${Buffer.from(payload).toString("latin1")}`);
    const { client } = await echoing({ frame });
    await client.send("hello");
    await client.receive();
    await client.ping("probe");
    await client.close(1000, "bye");
    expect(frames).toEqual([
      "in 1 true hello",
      "out 1 true hello",
      "in 9 true probe",
      "out 10 true probe",
      "in 8 true \u0003\u00e8bye",
      "out 8 true \u0003\u00e8",
    ]);
  });
});

describe("a tally", () => {
  test("counts connections, messages, round trips, handler times, refusals and close codes by bounded labels", async () => {
    const tally = new Tally();
    const server = await startUpgrader({ observer: tally.observer, authorize: ({ url }) => void url });
    const client = await connect(`ws://127.0.0.1:${server.port}/`);
    const connection = await server.accepted();
    connection.handle({ message: (socket, message) => void socket.write(message) });
    await client.send("hello");
    await client.receive();
    const pong = connection.ping();
    const read = client.receive(); // its pongs are sent while it reads
    await pong;
    expect(tally.open).toBe(1);
    await client.close(4999);
    expect(await read).toBe(undefined);
    await vi.waitUntil(() => tally.open === 0);
    expect(tally.received.text).toEqual({ messages: 1, bytes: 5 });
    expect(tally.roundTrips.count).toBe(1);
    expect(tally.handling.count).toBe(1);
    expect(tally.closes).toEqual({ "4xxx": 1 });
    const text = prometheusText(tally);
    expect(text).toContain('halyard_messages_received_total{type="text"} 1\n');
    expect(text).toContain('halyard_handler_milliseconds_bucket{le="+Inf"} 1\n');
  });

  test("counts what connect could not open", async () => {
    const tally = new Tally();
    const server = await startUpgrader({ observer: tally.observer, checkHost: () => false });
    const failing = connect(`ws://127.0.0.1:${server.port}/`, { observer: tally.observer });
    await expect(failing).rejects.toMatchObject({ code: "http-status" });
    expect(tally.refusals).toEqual({ "host-not-allowed": 1 });
    expect(tally.connectFailures).toEqual({ "http-status": 1 });
    const astray = connect(`ws://127.0.0.1:${server.port}/`, { observer: tally.observer, dial: () => 5 as never });
    await expect(astray).rejects.toThrow("option dial gave something else");
    expect(tally.connectFailures).toEqual({ "http-status": 1, unexpected: 1 });
  });
});

describe("the diagnostics channels", () => {
  test("publish opening, end, refusal and the client's handshakes", async () => {
    const opened = listenTo("halyard:connection:open");
    const closed = listenTo("halyard:connection:close");
    const refused = listenTo("halyard:upgrade:refuse");
    const connected = listenTo("halyard:connect:open");
    const failed = listenTo("halyard:connect:fail");
    const server = await startUpgrader({ authorize: ({ url }) => void url, checkHost: (host) => host === "127.0.0.1" });
    const client = await connect(`ws://127.0.0.1:${server.port}/`);
    const connection = await server.accepted();
    connection.handle({});
    await client.close(1000, "bye");
    await connection.closed;
    await expect(connect(`ws://localhost:${server.port}/`, { dial: undefined })).rejects.toThrow();
    expect(opened).toEqual(expect.arrayContaining([{ connection }, { connection: client }]));
    const end = closed.find((event) => (event as ConnectionCloseEvent).connection === connection);
    expect(end).toMatchObject({ info: { code: 1000, reason: "bye" } });
    expect(connected).toEqual([{ connection: client, elapsedMs: anyNumber }]);
    expect(refused).toMatchObject([{ refusal: { code: "host-not-allowed" } }]);
    expect(failed).toMatchObject([{ error: { code: "http-status" } }]);
  });

  test("publish a fault once, with the connection's error", async () => {
    const faults = listenTo("halyard:connection:error");
    const { connection, peer } = await meet();
    peer.send({ opcode: 3, payload: "" }); // reserved
    const { error } = await connection.closed;
    connection.handle({ error: () => {} });
    expect(faults).toEqual([{ connection, error }]);
  });
});

describe("connection.inspect", () => {
  test("is a plain snapshot with counters where it is observed, and without what may be secret", async () => {
    const { connection, client } = await echoing(new Tally().observer);
    await client.send("hello");
    await client.receive();
    const seen = connection.inspect();
    expect(structuredClone(seen)).toEqual(seen);
    expect(seen).toMatchObject({
      role: "server",
      state: "open",
      path: "/echo",
      counters: { messagesReceived: 1, bytesReceived: 5, messagesSent: 1, bytesSent: 5 },
      limits: { maxMessageBytes: 1_048_576, highWaterMark: 262_144 },
      timers: { pingIntervalMs: 30_000, closeTimeoutMs: 5_000 },
    });
    expect(JSON.stringify(seen)).not.toContain("hidden");
    expect(client.inspect()).toMatchObject({ role: "client", counters: undefined });
    expect(client.inspect().path).not.toContain("hidden");
    await client.close();
  });

  test("has console.log print one line", async () => {
    const { connection } = await meet();
    expect(inspect(connection)).toMatch(/^Connection \{ server 127\.0\.0\.1:\d+ \/\S* open, 0 bytes queued \}$/);
  });
});
