import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { text as textOf } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Connection, ServeOptions } from "../../../src/server/index.js";
import { binary, close, continuation, masked, ping, RawPeer, text } from "../../support/raw-peer.js";
import { RawSocket } from "../../support/raw-socket.js";
import { until } from "../../support/turns.js";
import { ACCEPT, KEY, upgradeRequest } from "../../support/upgrade-request.js";
import { countOf, listeningOn, type Path, PATHS, untilCount } from "./both-paths.js";
import { answerTo, opened, turns, World } from "./world.js";

interface Scenario {
  readonly options?: Partial<ServeOptions>;
  /** Gives what the client has seen. */
  readonly run: (world: World) => Promise<unknown>;
  readonly sees: unknown;
  /** What the server was told; left out where `run` has looked at it. */
  readonly log?: readonly unknown[];
}

const REQUEST = upgradeRequest();
const PENDING = upgradeRequest({ path: "/pending" });
const LOST = [
  ["error", "connection-lost"],
  ["close", 1006, "", "peer", false, "connection-lost"],
];
const CLOSED = ["close", 1000, "", "peer", true, undefined];
const NOT_FOUND = "404 close There is no WebSocket at this path.\n";
const BY_PEER = [["open", "/"], ["message", "a"], CLOSED];

/** Says goodbye, and gives all that the server says until it ends. */
async function leave(peer: RawPeer): Promise<unknown> {
  peer.close(1000);
  return await peer.leave();
}

/** Sends `parts` one after the other, then says goodbye: the server echoes "a" meanwhile. */
function inParts(...parts: readonly (string | Uint8Array)[]): Scenario {
  return {
    run: async (world) => {
      const raw = await world.connect();
      for (const part of parts) {
        raw.write(part);
        await turns();
      }
      await opened(raw);
      return await leave(new RawPeer(raw));
    },
    sees: [{ text: "a" }, { close: 1000, reason: "" }],
    log: BY_PEER,
  };
}

/** One request that is answered by one response and the end, whatever comes behind it. */
function refused(request: string, sees: string, ...log: readonly unknown[]): Scenario {
  return {
    run: async (world) => {
      const raw = await world.say(request, masked(text("not parsed")));
      const answer = await answerTo(raw);
      raw.write("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
      return [answer, await raw.rest()];
    },
    sees: [sees, ""],
    log,
  };
}

const handshakes: Record<string, Scenario> = {
  "a request is answered as RFC 6455 §4.2.2 has it": {
    run: async (world) => {
      const raw = await world.say(REQUEST, masked(close(1000)));
      raw.end();
      return await raw.rest();
    },
    sees:
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n\x88\x02\x03\xe8`,
    log: [["open", "/"], CLOSED],
  },
  "a request, then a message": inParts(REQUEST, masked(text("a"))),
  "a request and a message in one packet": inParts(Buffer.concat([Buffer.from(REQUEST), masked(text("a"))])),
  "a request with the half of a message": inParts(
    Buffer.concat([Buffer.from(REQUEST), masked(text("a")).subarray(0, 5)]),
    masked(text("a")).subarray(5),
  ),
  "a request in two packets": inParts(REQUEST.slice(0, 70), REQUEST.slice(70), masked(text("a"))),
  "a request in two packets, the second with a message": inParts(
    REQUEST.slice(0, 3),
    Buffer.concat([Buffer.from(REQUEST.slice(3)), masked(text("a"))]),
  ),
  "a request byte by byte": {
    run: async (world) => {
      const raw = await world.connect();
      await raw.drip(REQUEST);
      await opened(raw);
      await raw.drip(masked(text("a")));
      return await leave(new RawPeer(raw));
    },
    sees: [{ text: "a" }, { close: 1000, reason: "" }],
    log: BY_PEER,
  },
  "a request by an absolute URI": {
    run: async (world) => await leave(await world.join({ path: "http://example.com/" })),
    sees: [{ close: 1000, reason: "" }],
    log: [["open", "http://example.com/"], CLOSED],
  },
  "a request with the end of the client's side behind it": {
    run: async (world) => {
      const raw = await world.say(REQUEST, masked(text("a")));
      raw.end();
      await opened(raw);
      return await new RawPeer(raw).hearAll();
    },
    sees: [{ text: "a" }],
    log: [["open", "/"], ["message", "a"], ...LOST],
  },
  "no such route": refused(upgradeRequest({ path: "/no" }), NOT_FOUND, ["refused", "no-such-route", "/no"]),
  "not authorized": refused(upgradeRequest({ path: "/refused" }), "401 close Log in first\n", [
    "refused",
    "not-authorized",
    "/refused",
  ]),
  "an origin that may not": refused(
    upgradeRequest({ headers: { Origin: "http://evil.example" } }),
    "403 close Pages from this origin may not connect.\n",
    ["refused", "origin-not-allowed", "/"],
  ),
  "no key": refused(
    upgradeRequest({ headers: { "Sec-WebSocket-Key": undefined } }),
    "400 close The Sec-WebSocket-Key header is missing. (RFC 6455 §4.2.1)\n",
    ["refused", "key-missing", "/"],
  ),
  "no host": refused(
    upgradeRequest({ headers: { Host: undefined } }),
    "400 close The Host header is missing or empty. (RFC 6455 §4.2.1)\n",
    ["refused", "host-missing", "/"],
  ),
  "another version": refused(
    upgradeRequest({ headers: { "Sec-WebSocket-Version": "8" } }),
    "426 close, Upgrade The Sec-WebSocket-Version header is missing or is not 13. (RFC 6455 §4.4)\n",
    ["refused", "version-unsupported", "/"],
  ),
};

const pending: Record<string, Scenario> = {
  "messages that come meanwhile": {
    run: async (world) => {
      const raw = await world.say(PENDING, masked(text("a")));
      await world.isAsked();
      raw.write(masked(text("b")), masked(text("c")));
      await turns();
      raw.write(masked(text("d")));
      await turns();
      world.decide();
      await opened(raw);
      return await leave(new RawPeer(raw));
    },
    sees: [{ text: "a" }, { text: "b" }, { text: "c" }, { text: "d" }, { close: 1000, reason: "" }],
    log: [["open", "/pending"], ...["a", "b", "c", "d"].map((each) => ["message", each]), CLOSED],
  },
  "more of them than are held": {
    run: async (world) => {
      const raw = await world.say(PENDING);
      await world.isAsked();
      for (let count = 0; count < 100; count++) raw.write(masked(binary(Buffer.alloc(5_000, count))));
      await turns();
      world.decide();
      await opened(raw);
      return ((await leave(new RawPeer(raw))) as { binary?: string }[]).map((said) => said.binary?.slice(0, 2));
    },
    sees: [...Array.from({ length: 100 }, (_, count) => Buffer.of(count).toString("hex")), undefined],
    log: [["open", "/pending"], ...Array.from({ length: 100 }, () => ["message", 5_000]), CLOSED],
  },
  "more of them than are held, and then a refusal": {
    run: async (world) => {
      const raw = await world.say(upgradeRequest({ path: "/pending" }));
      await world.isAsked();
      for (let count = 0; count < 100; count++) raw.write(masked(binary(Buffer.alloc(5_000))));
      await turns();
      const closed = world.server.close();
      const answer = await answerTo(raw);
      await raw.ended;
      return [answer, await closed];
    },
    sees: ["503 close The server is shutting down.\n", { closed: 0, terminated: 0 }],
    log: ["aborted", ["refused", "shutting-down", "/pending"]],
  },
  "the client's end": {
    run: async (world) => {
      const raw = await world.say(PENDING);
      await world.isAsked();
      raw.end();
      return await raw.rest();
    },
    sees: "",
    log: ["aborted"],
  },
  "the client's end behind a message in the request's packet": {
    run: async (world) => {
      const raw = await world.say(PENDING, masked(text("a")));
      await world.isAsked();
      raw.end();
      return await raw.rest();
    },
    sees: "",
    log: ["aborted"],
  },
  "the client's end behind a later message": {
    run: async (world) => {
      const raw = await world.say(PENDING, masked(text("a")));
      await world.isAsked();
      raw.write(masked(text("b")));
      await turns();
      raw.end();
      await turns();
      world.decide();
      await opened(raw);
      return await new RawPeer(raw).hearAll();
    },
    sees: [{ text: "a" }, { text: "b" }],
    log: [["open", "/pending"], ["message", "a"], ["message", "b"], ...LOST],
  },
  "the client's end behind a later message, and then a refusal": {
    options: { handshakeTimeoutMs: 50 },
    run: async (world) => {
      const raw = await world.say(PENDING);
      await world.isAsked();
      raw.write(masked(text("b")));
      await turns();
      raw.end();
      const beganAt = performance.now();
      const said = await raw.rest();
      return [said.slice(0, 12), performance.now() - beganAt < 1_500];
    },
    sees: ["HTTP/1.1 408", true],
    log: ["aborted", ["refused", "handshake-timeout", "/pending"]],
  },
  "the client's reset": {
    run: async (world) => {
      const raw = await world.say(PENDING);
      await world.isAsked();
      raw.reset();
      await world.heard("aborted");
      return undefined;
    },
    sees: undefined,
    log: ["aborted"],
  },
  "the client's reset behind messages": {
    run: async (world) => {
      const raw = await world.say(PENDING, masked(text("a")));
      await world.isAsked();
      raw.write(masked(text("b")));
      await turns();
      raw.reset();
      await world.heard("aborted");
      return undefined;
    },
    sees: undefined,
    log: ["aborted"],
  },
  "the time that there is": {
    options: { handshakeTimeoutMs: 50 },
    run: async (world) => {
      const raw = await world.say(PENDING);
      return [(await answerTo(raw))?.slice(0, 9), await raw.rest()];
    },
    sees: ["408 close", ""],
    log: ["aborted", ["refused", "handshake-timeout", "/pending"]],
  },
};

const plainHttp: Record<string, Scenario> = {
  "GET, and GET again, and then a WebSocket": {
    run: async (world) => {
      const raw = await world.say("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      const answers = [await answerTo(raw)];
      raw.write("GET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n");
      answers.push(await answerTo(raw), await answerTo(raw));
      raw.write(REQUEST, masked(text("a")));
      await opened(raw);
      return [...answers, await leave(new RawPeer(raw))];
    },
    sees: [
      "200 keep-alive GET /a 0",
      "200 keep-alive GET /b 0",
      "200 keep-alive GET /c 0",
      [{ text: "a" }, { close: 1000, reason: "" }],
    ],
    log: BY_PEER,
  },
  "GET with a WebSocket in the same packet": {
    run: async (world) => {
      const raw = await world.say("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST, masked(text("a")));
      const answer = await answerTo(raw);
      await opened(raw);
      return [answer, await leave(new RawPeer(raw))];
    },
    sees: ["200 keep-alive GET /a 0", [{ text: "a" }, { close: 1000, reason: "" }]],
    log: BY_PEER,
  },
  "a long POST": {
    run: async (world) => {
      const raw = await world.say(`POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(10)}`);
      await turns();
      raw.write("x".repeat(999_990), "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      return [await answerTo(raw), await answerTo(raw), await raw.rest()];
    },
    sees: ["200 keep-alive POST /p 1000000", "200 close GET /b 0", ""],
    log: [],
  },
  "another offer than WebSocket": {
    run: async (world) => {
      const raw = await world.say(upgradeRequest({ headers: { Upgrade: "h2c" } }));
      return (await answerTo(raw))?.replace("close, ", ""); // newer versions of Node add it
    },
    sees: "426 Upgrade This path speaks WebSocket: connect with ws:// or wss://\n",
    log: [],
  },
  "what is no HTTP": {
    run: async (world) => await (await world.say("\x16\x03\x01\x02\x00\r\n\r\n")).rest(),
    sees: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    log: [],
  },
  "HTTP/2 by prior knowledge": {
    options: { http2: true },
    run: async (world) => {
      const session = connectHttp2(world.server.url);
      const stream = session.request({ ":path": "/x" });
      const body = await textOf(stream);
      session.close();
      await once(session, "close");
      return [body, await leave(await world.join())];
    },
    sees: ["GET /x 0", [{ close: 1000, reason: "" }]],
    log: [["open", "/"], CLOSED],
  },
  "the preface of HTTP/2 in pieces": {
    options: { http2: true },
    run: async (world) => {
      const raw = await world.say("P");
      for (const part of ["RI * HT", "TP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0\x04\0\0\0\0\0"]) {
        await turns();
        raw.write(part);
      }
      const settings = await raw.take((bytes) => (bytes.length < 9 ? undefined : { value: bytes[3], size: 9 }));
      await turns();
      raw.reset();
      return settings;
    },
    sees: 0x4,
    log: [],
  },
};

const silence: Record<string, Scenario> = {
  "no word in the time that there is": {
    options: { handshakeTimeoutMs: 50 },
    run: async (world) => await (await world.connect()).rest(),
    sees: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
    log: [],
  },
  "half a request in the time that there is": {
    options: { handshakeTimeoutMs: 50 },
    run: async (world) => await (await world.say(REQUEST.slice(0, 50))).rest(),
    sees: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
    log: [],
  },
  "the end at once": {
    run: async (world) => {
      const raw = await world.connect();
      raw.end();
      return await raw.rest();
    },
    sees: "",
    log: [],
  },
  "a reset at once": {
    run: async (world) => {
      (await world.connect()).reset();
      return undefined;
    },
    sees: undefined,
    log: [],
  },
  "a reset after a while": {
    run: async (world) => {
      const raw = await world.connect();
      await untilCount(world.server, 1);
      raw.reset();
      return undefined;
    },
    sees: undefined,
    log: [],
  },
};

const lives: Record<string, Scenario> = {
  "pings, texts, bytes and fragments": {
    run: async (world) => {
      const peer = await world.join();
      peer.send(ping("p"), text("a\u{e9}\u{1f600}"), binary(Uint8Array.of(1, 2)), text("fr", false), ping("q"));
      await turns();
      peer.send(continuation("ag", false), continuation("ment"));
      return await leave(peer);
    },
    sees: [
      { pong: "p" },
      { text: "a\u{e9}\u{1f600}" },
      { binary: "0102" },
      { pong: "q" },
      { text: "fragment" },
      { close: 1000, reason: "" },
    ],
    log: [["open", "/"], ["message", "a\u{e9}\u{1f600}"], ["message", 2], ["message", "fragment"], CLOSED],
  },
  "a frame byte by byte": {
    run: async (world) => {
      const peer = await world.join();
      await peer.raw.drip(masked(text("a")));
      return await leave(peer);
    },
    sees: [{ text: "a" }, { close: 1000, reason: "" }],
    log: BY_PEER,
  },
  "large messages": {
    options: { maxMessageBytes: 4 << 20 },
    run: async (world) => {
      const peer = await world.join();
      peer.send(binary(Buffer.alloc(3 << 20, 7)), text("x".repeat(100_000)), binary(Buffer.alloc(70_000, 8)));
      const said = (await leave(peer)) as Record<string, string>[];
      return said.map((each) => [Object.keys(each)[0], (each["binary"] ?? each["text"])?.length]);
    },
    sees: [
      ["binary", 6 << 20],
      ["text", 100_000],
      ["binary", 140_000],
      ["close", undefined],
    ],
    log: [["open", "/"], ["message", 3 << 20], ["message", "x".repeat(20)], ["message", 70_000], CLOSED],
  },
  "a close by the server": {
    run: async (world) => {
      const peer = await world.join({ path: "/close" });
      peer.say("a");
      const said = await peer.hear();
      peer.close(4000);
      return [said, await peer.leave()];
    },
    sees: [{ close: 4000, reason: "enough" }, []],
    log: [
      ["open", "/close"],
      ["close", 4000, "enough", "us", true, undefined],
    ],
  },
  "a close that the client does not answer": {
    options: { closeTimeoutMs: 50 },
    run: async (world) => {
      const peer = await world.join({ path: "/close" });
      peer.say("a");
      return await peer.hearAll();
    },
    sees: [{ close: 4000, reason: "enough" }],
    log: [
      ["open", "/close"],
      ["error", "close-timeout"],
      ["close", 4000, "enough", "us", false, "close-timeout"],
    ],
  },
  "a cut by the server": {
    run: async (world) => {
      const peer = await world.join({ path: "/terminate" });
      peer.say("a");
      return await peer.hearAll();
    },
    sees: [],
    log: [
      ["open", "/terminate"],
      ["close", 1006, "", "us", false, undefined],
    ],
  },
  "a handler that fails": {
    run: async (world) => {
      const peer = await world.join({ path: "/fail" });
      peer.say("a");
      return await peer.leave();
    },
    sees: [{ close: 1011, reason: "" }],
    log: [
      ["open", "/fail"],
      ["error", "handler-failed"],
      ["close", 1011, "", "us", false, "handler-failed"],
    ],
  },
  "a frame that is not masked": {
    run: async (world) => {
      const peer = await world.join();
      peer.raw.write(Uint8Array.of(0x81, 0));
      return await peer.leave();
    },
    sees: [{ close: 1002, reason: "unmasked-frame" }],
    log: [
      ["open", "/"],
      ["error", "protocol-fault"],
      ["close", 1002, "unmasked-frame", "us", false, "protocol-fault"],
    ],
  },
  "messages, and the end of the client's side": {
    run: async (world) => {
      const peer = await world.join();
      peer.say("a", "b");
      peer.raw.end();
      return await peer.hearAll();
    },
    sees: [{ text: "a" }, { text: "b" }],
    log: [["open", "/"], ["message", "a"], ["message", "b"], ...LOST],
  },
  "a reset while nothing happens": {
    run: async (world) => {
      const peer = await world.join();
      peer.raw.reset();
      await world.heard(LOST[1]);
      return undefined;
    },
    sees: undefined,
    log: [["open", "/"], ...LOST],
  },
  "a reset in the middle of what is sent": {
    run: async (world) => {
      const peer = await world.join();
      peer.raw.stopReading();
      peer.send(...Array.from({ length: 16 }, () => binary(Buffer.alloc(1 << 20))));
      await until(() => [...world.server.connections].some((each) => each.bufferedBytes > 0));
      peer.raw.reset();
      await world.heard(LOST[1]);
      return world.log.filter((each) => !(Array.isArray(each) && each[0] === "message"));
    },
    sees: [["open", "/"], ...LOST],
  },
};

const tables = { handshakes, "while authorize decides:": pending, "plain HTTP:": plainHttp, silence, "open:": lives };

describe.each(PATHS)("serve on the %s path,", (path) => {
  test("a connection tells what it is", async () => {
    const { server } = await startEcho(path);
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest({ path: "/?a=1", headers: { "X-A": ["1", "2"], "User-Agent": "test", Origin: "x:" } }));
    await opened(raw);
    const [connection] = server.connections;
    expect(detailsOf(connection)).toEqual({
      remote: `127.0.0.1:${raw.socket.localPort}`,
      local: `127.0.0.1:${server.port}`,
      url: "/?a=1",
      httpVersion: "1.1",
      subprotocol: "",
      extensions: "",
      data: undefined,
      headers: {
        host: "example.com",
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-key": KEY,
        "sec-websocket-version": "13",
        "x-a": "1, 2",
        "user-agent": "test",
        origin: "x:",
      },
    });
    raw.reset();
    await connection?.closed;
    expect(connection?.headers["x-a"]).toBe("1, 2");
  });

  test("Node counts the connections, whatever they are at", async () => {
    const world = await World.start(path);
    const silent = await world.connect();
    await untilCount(world.server, 1);
    const peer = await world.join();
    await world.say(PENDING);
    await world.isAsked();
    const http = await world.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await answerTo(http);
    expect(await countOf(world.server)).toBe(4);
    silent.reset();
    await untilCount(world.server, 3);
    peer.raw.reset();
    await untilCount(world.server, 2);
    http.reset();
    await untilCount(world.server, 1);
    await world.empty();
  });

  test("a slow reader gets everything in order, and stops the sender meanwhile", async () => {
    const COUNT = 200;
    const log: unknown[] = [];
    let waits = 0;
    const { server, sent } = await startSender(path, COUNT, () => waits++, log);
    const peer = await RawPeer.join(server.port);
    peer.raw.stopReading();
    peer.say("go");
    const [connection] = [...server.connections];
    await until(() => connection?.needsDrain === true);
    await turns();
    expect(waits).toBeGreaterThan(0);
    expect(sent()).toBeLessThan(COUNT);
    peer.raw.readOn();
    for (let index = 0; index < COUNT; index++) {
      const said = (await peer.hear()) as { text?: string };
      expect(said.text?.slice(0, 5)).toBe(String(index).padStart(5, "0"));
      expect(said.text?.length).toBe(lengthOf(index));
    }
    expect(connection?.bufferedBytes).toBe(0);
    peer.close(1000);
    expect(await peer.leave()).toEqual([{ close: 1000, reason: "" }]);
    expect(log).toContain("drain");
    await untilCount(server, 0);
  });

  test("a slow reader may be terminated, and what it has not read is lost", async () => {
    const { server } = await startSender(path, 200, () => {}, []);
    const peer = await RawPeer.join(server.port);
    peer.raw.stopReading();
    peer.say("go");
    const [connection] = [...server.connections];
    await until(() => connection?.needsDrain === true);
    connection?.terminate();
    expect(await connection?.closed).toMatchObject({ code: 1006, by: "us", clean: false });
    await untilCount(server, 0);
  });

  test("close() ends who is open, who waits and who is silent", async () => {
    const world = await World.start(path);
    const polite = await world.join();
    const mute = await world.join();
    const waiting = await world.say(PENDING);
    await world.isAsked();
    const silent = await world.connect();
    const half = await world.say(REQUEST.slice(0, 40));
    const refusedOne = await world.say(upgradeRequest({ path: "/refused" }));
    await answerTo(refusedOne);
    await untilCount(world.server, 6);
    const closing = world.server.close({ deadlineMs: 100 });
    expect(await polite.hear()).toEqual({ close: 1001, reason: "" });
    polite.close(1001);
    expect(await answerTo(waiting)).toBe("503 close The server is shutting down.\n");
    const beganAt = performance.now();
    expect(await closing).toEqual({ closed: 1, terminated: 1 });
    expect(performance.now() - beganAt).toBeLessThan(1_500); // those that are refused may stay for 2 s otherwise
    expect(await mute.hearAll()).toEqual([{ close: 1001, reason: "" }]);
    expect(await Promise.all([silent, half, waiting, refusedOne].map((raw) => raw.rest()))).toEqual(["", "", "", ""]);
    expect(await countOf(world.server)).toBe(0);
    expect(world.server.http.listening).toBe(false);
  });

  test("a client that sends too much before it is answered has to wait", async () => {
    const world = await World.start(path);
    const raw = await world.say(PENDING);
    await world.isAsked();
    raw.write(Buffer.alloc(64 << 20));
    await turns();
    await turns();
    expect(raw.socket.writableLength).toBeGreaterThan(0);
    raw.reset();
  });

  test("a client that is refused is read to its end", async () => {
    const world = await World.start(path);
    const raw = await world.say(upgradeRequest({ path: "/refused" }));
    expect((await answerTo(raw))?.slice(0, 9)).toBe("401 close");
    raw.write(Buffer.alloc(16 << 20));
    raw.end();
    await once(raw.socket, "finish");
    await untilCount(world.server, 0);
    expect(raw.socket.errored).toBeNull();
  });

  test("a reset is told with what Node says of it", async () => {
    const world = await World.start(path);
    const peer = await world.join();
    const [connection] = world.server.connections;
    peer.raw.reset();
    const cause = (await connection?.closed)?.error?.cause;
    expect(cause).toMatchObject({ code: "ECONNRESET", syscall: "read" });
  });

  test("maxConnections refuses who is too many, until another has left", async () => {
    const world = await World.start(path, { maxConnections: 2, maxConnectionsPerAddress: 2 });
    const peer = await world.join();
    await world.say(PENDING);
    await world.isAsked();
    expect((await answerTo(await world.say(REQUEST)))?.slice(0, 9)).toBe("503 close");
    expect((await answerTo(await world.say(upgradeRequest({ path: "/no" }))))?.slice(0, 9)).toBe("404 close");
    await leave(peer);
    await until(() => world.server.connections.size === 0);
    await leave(await world.join());
    await world.empty();
  });

  describe.each(Object.entries(tables))("%s", (_what, table) => {
    test.each(Object.entries(table))("%s", async (_name, { options, run, sees, log }) => {
      const world = await World.start(path, options);
      expect(await run(world)).toEqual(sees);
      await world.empty();
      if (log !== undefined) expect(world.log).toEqual(log);
    });
  });
});

// Node 26 drops them on the plain path: it takes them for idle.
describe("serve on the bare path,", () => {
  test("close() lets who was silent have its answer while others end", async () => {
    const world = await World.start("bare");
    const peer = await world.join();
    const [silent, alsoSilent] = [await world.connect(), await world.connect()];
    await untilCount(world.server, 3);
    const closing = world.server.close();
    await peer.hear();
    silent.write("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    alsoSilent.write(REQUEST);
    expect(await answerTo(silent)).toBe("200 close GET /x 0");
    expect(await answerTo(alsoSilent)).toBe("503 close The server is shutting down.\n");
    peer.close(1001);
    peer.raw.end();
    expect(await closing).toEqual({ closed: 1, terminated: 0 });
  });
});

function detailsOf(connection: Connection | undefined) {
  if (connection === undefined) return undefined;
  const { remote, local, url, httpVersion, subprotocol, extensions, data, headers } = connection;
  return { remote, local, url, httpVersion, subprotocol, extensions, data, headers };
}

async function startEcho(path: Path) {
  const server = await listeningOn(path, {
    checkOrigin: "any",
    routes: { "/": { message: (socket, message) => socket.write(message) } },
  });
  return { server };
}

/** A server that sends `count` messages of many lengths, and each once there is room for it. */
async function startSender(path: Path, count: number, onFull: () => void, log: unknown[]) {
  let sent = 0;
  const server = await listeningOn(path, {
    routes: {
      "/": {
        message: async (socket) => {
          for (; sent < count; sent++) {
            const isRoom = socket.write(String(sent).padStart(5, "0").padEnd(lengthOf(sent), "."));
            if (!isRoom) onFull();
            while (socket.needsDrain && socket.state === "open") await turns();
          }
        },
        drain: () => void log.push("drain"),
      },
    },
  });
  return { server, sent: () => sent };
}

function lengthOf(index: number): number {
  return [5, 200, 9_000, 70_000, 300_000][index % 5] as number;
}
