import { describe, expect, test } from "vitest";
import { meet } from "../support/meeting.js";
import { binary, continuation, ping, pong, text } from "../support/raw-peer.js";

describe("ping", () => {
  test("resolves with the round-trip time in milliseconds when the pong comes", async () => {
    const { peer, connection } = await meet();
    connection.handle({});
    const startedAtMs = performance.now();
    const answered = connection.ping("payload");
    expect(await peer.hear()).toEqual({ ping: "payload" });
    peer.send(pong("payload"));
    const roundTripMs = await answered;
    expect(roundTripMs).toBeGreaterThan(0);
    expect(roundTripMs).toBeLessThanOrEqual(performance.now() - startedAtMs);
  });

  test("tells its pings apart by a payload of its own", async () => {
    const { peer, connection } = await meet();
    void connection.ping();
    void connection.ping();
    expect(await peer.hear()).not.toEqual(await peer.hear());
  });

  test("RFC 6455 §5.5.3: a pong answers its ping and those before it, and none after it", async () => {
    const { peer, connection } = await meet();
    connection.handle({});
    const answered: string[] = [];
    const pings = ["a", "b", "c"].map((payload) => connection.ping(payload).then(() => answered.push(payload)));
    for (let i = 0; i < 3; i++) await peer.hear();
    peer.send(pong("b"));
    await pings[1];
    expect(answered).toEqual(["a", "b"]);
    peer.send(pong("c"));
    await pings[2];
    expect(answered).toEqual(["a", "b", "c"]);
  });

  test("RFC 6455 §5.5.3: takes a pong that nobody asked for as no answer", async () => {
    const { peer, connection } = await meet();
    connection.handle({});
    let isAnswered = false;
    const answered = connection.ping("mine").then(() => (isAnswered = true));
    await peer.hear();
    peer.send(pong("another"), ping("there?"));
    expect(await peer.hear()).toEqual({ pong: "there?" });
    expect(isAnswered).toBe(false);
    peer.send(pong("mine"));
    expect(await answered).toBe(true);
  });

  test("takes up to 125 bytes of payload, text or binary", async () => {
    const { peer, connection } = await meet();
    void connection.ping("é".repeat(62));
    expect(await peer.hear()).toEqual({ ping: "é".repeat(62) });
    void connection.ping(Buffer.from("x".repeat(125)));
    expect(await peer.hear()).toEqual({ ping: "x".repeat(125) });
    expect(() => connection.ping("é".repeat(63))).toThrow(RangeError);
    expect(() => connection.ping(new Uint8Array(126))).toThrow("ping payload has 126 bytes; at most 125 fit");
  });

  test("copies its payload: it may be changed before the pong comes", async () => {
    const { peer, connection } = await meet();
    connection.handle({});
    const payload = Buffer.from("before");
    const answered = connection.ping(payload);
    payload.write("after!");
    expect(await peer.hear()).toEqual({ ping: "before" });
    peer.send(pong("before"));
    expect(await answered).toBeGreaterThan(0);
  });

  test("rejects with not-open when the connection ends first, however it does", async () => {
    for (const end of ["terminate", "reset", "close"] as const) {
      const { peer, connection } = await meet();
      connection.handle({});
      const answered = connection.ping();
      await peer.hear();
      if (end === "terminate") connection.terminate();
      else if (end === "reset") peer.raw.reset();
      else peer.close(1000);
      peer.raw.end();
      await expect(answered).rejects.toMatchObject({ name: "ConnectionError", code: "not-open" });
    }
  });

  test("rejects with not-open on a connection that is closing", async () => {
    const { connection } = await meet();
    void connection.close();
    await expect(connection.ping()).rejects.toMatchObject({ code: "not-open" });
  });
});

describe("RFC 6455 §5.5.2: a ping from the peer", () => {
  test("is answered by a pong with the same payload, whoever reads", async () => {
    const { peer, connection } = await meet();
    peer.send(ping("before anybody reads"), ping(""), ping("x".repeat(125)));
    for (const payload of ["before anybody reads", "", "x".repeat(125)]) {
      expect(await peer.hear()).toEqual({ pong: payload });
    }
    connection.handle({});
    peer.send(ping("\u0000\u{10ffff}"));
    expect(await peer.hear()).toEqual({ pong: "\u0000\u{10ffff}" });
  });

  test("RFC 6455 §5.4: is answered while a message is under way, which goes on", async () => {
    const { peer, connection } = await meet();
    peer.send(text("begun ", false), ping("now"));
    expect(await peer.hear()).toEqual({ pong: "now" });
    peer.send(continuation("and done"));
    expect(await connection.receive()).toBe("begun and done");
  });

  test("is answered behind what we have sent before", async () => {
    const { peer, connection } = await meet();
    connection.handle({ message: (socket, message) => socket.write(message) });
    peer.send(text("a"), ping("b"), binary(Buffer.from("c")), ping("d"));
    const said = [await peer.hear(), await peer.hear(), await peer.hear(), await peer.hear()];
    expect(said).toEqual([{ text: "a" }, { pong: "b" }, { binary: "63" }, { pong: "d" }]);
  });

  test("is not answered behind a close frame, and nothing else is", async () => {
    const { peer } = await meet();
    peer.send({ opcode: 0x8 }, ping("late"), text("late"));
    expect(await peer.leave()).toEqual([{ close: undefined, reason: "" }]);
  });
});
