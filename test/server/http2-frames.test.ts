import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/client/index.js";
import { guardHttp2Session, type Server, type ServeOptions, Upgrader } from "../../src/server/index.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import {
  ErrorCode,
  Flag,
  FrameType,
  headerBlock,
  type Http2Frame,
  http2Frame,
  parseHttp2Frame,
  PREFACE,
  Setting,
  settingsFrame,
  uint32,
} from "../support/http2-frames.js";
import { listening } from "../support/listening.js";
import { close, masked, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { parseServerFrame } from "../support/server-frame.js";
import { nextTurn, until } from "../support/turns.js";

const handshake = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "http",
  ":path": "/",
  ":authority": "127.0.0.1",
  "sec-websocket-version": "13",
};

function reversed(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).toReversed());
}

/** What HPACK has for `:status: 200`, RFC 7541 §6.1 and appendix A. */
const STATUS_200 = 0x88;

/** A client of HTTP/2 made of bytes. */
class FrameClient {
  readonly raw: RawSocket;

  private constructor(raw: RawSocket) {
    this.raw = raw;
  }

  /** Connects, says hello, and hears it; everything behind is the test's. */
  static async meet(
    port: number,
    values: Readonly<Record<number, number>> = {},
    { acknowledges = true } = {},
  ): Promise<FrameClient> {
    const client = new FrameClient(await RawSocket.connect(port));
    client.raw.write(PREFACE, settingsFrame(values));
    await client.hear(({ type, flags }) => type === FrameType.settings && (flags & Flag.ack) === 0);
    if (acknowledges) client.raw.write(http2Frame(FrameType.settings, Flag.ack, 0));
    return client;
  }

  /** A request, by default to open a WebSocket. */
  ask(streamId: number, fields: Readonly<Record<string, string>> = handshake, flags: number = Flag.endHeaders): void {
    this.raw.write(http2Frame(FrameType.headers, flags, streamId, headerBlock(fields)));
  }

  /** Asks for a WebSocket, and hears that it is open. */
  async open(streamId: number): Promise<void> {
    this.ask(streamId);
    const { payload } = await this.hear(({ type, streamId: id }) => type === FrameType.headers && id === streamId);
    expect(payload[0]).toBe(STATUS_200);
  }

  say(streamId: number, frames: Uint8Array): void {
    this.raw.write(http2Frame(FrameType.data, Flag.none, streamId, frames));
  }

  reset(streamId: number): void {
    this.raw.write(http2Frame(FrameType.rstStream, Flag.none, streamId, uint32(ErrorCode.cancel)));
  }

  widen(streamId: number, bytes: number): void {
    this.raw.write(http2Frame(FrameType.windowUpdate, Flag.none, streamId, uint32(bytes)));
  }

  /** The next frame that is `wanted`; what comes before is passed over. */
  async hear(wanted: (frame: Http2Frame) => boolean): Promise<Http2Frame> {
    for (;;) {
      const frame = await this.raw.take(parseHttp2Frame);
      if (frame === undefined) throw new Error("the server ended without it");
      if (wanted(frame)) return frame;
    }
  }

  /** The error code of RST_STREAM. */
  async resetOf(streamId: number): Promise<number> {
    const { payload } = await this.hear(({ type, streamId: id }) => type === FrameType.rstStream && id === streamId);
    return payload.readUInt32BE(0);
  }

  /** The error code of GOAWAY. */
  async goAway(): Promise<number> {
    return (await this.hear(({ type }) => type === FrameType.goAway)).payload.readUInt32BE(4);
  }
}

async function start(options: Partial<ServeOptions> = {}): Promise<Server> {
  const routes = { "/": { message: (socket, message) => socket.write(message) } } satisfies ServeOptions["routes"];
  return await listening({ http2: true, routes, ...options });
}

describe("over HTTP/2, by bytes written by hand,", () => {
  test("a WebSocket is opened, echoes, and ends with END_STREAM on both sides", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    await client.open(1);
    const [connection] = server.connections;
    client.say(1, masked(text("hello")));
    const { payload } = await client.hear(({ type }) => type === FrameType.data);
    expect(parseServerFrame(payload)?.value).toEqual({ text: "hello" });
    client.say(1, masked(close(1000, "bye")));
    await client.hear(({ type, flags }) => type === FrameType.data && (flags & Flag.endStream) !== 0);
    client.raw.write(http2Frame(FrameType.data, Flag.endStream, 1));
    expect(await connection?.closed).toMatchObject({ code: 1000, by: "peer", clean: true });
  });

  test("frames that are cut anywhere into DATA frames are the same messages", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    await client.open(1);
    for (const byte of masked(text("byte by byte"))) client.say(1, Uint8Array.of(byte));
    const { payload } = await client.hear(({ type }) => type === FrameType.data);
    expect(parseServerFrame(payload)?.value).toEqual({ text: "byte by byte" });
  });

  test("a window of zero for a long time is back-pressure of ours, and what waited comes when it opens", async () => {
    const server = await start({ routes: { "/": () => {} } });
    const client = await FrameClient.meet(server.port, { [Setting.initialWindowSize]: 0 });
    await client.open(1);
    const [connection] = server.connections;
    let isThrough = false;
    const message = "x".repeat(300_000);
    void connection?.send(message).then(() => (isThrough = true));
    for (let ping = 0; ping < 50; ping++) {
      client.raw.write(http2Frame(FrameType.ping, Flag.none, 0, Buffer.alloc(8)));
      const heard = await client.hear(({ type }) => type === FrameType.ping || type === FrameType.data);
      expect(heard.type).toBe(FrameType.ping);
    }
    expect(connection).toMatchObject({ needsDrain: true, bufferedBytes: 300_010 });
    expect(isThrough).toBe(false);
    client.widen(0, 1_000_000);
    client.widen(1, 1_000_000);
    let heard = 0;
    while (heard < 300_010) heard += (await client.hear(({ type }) => type === FrameType.data)).payload.length;
    await until(() => isThrough);
    expect(connection?.bufferedBytes).toBe(0);
  });

  test("a window of zero for longer than writeTimeoutMs costs that stream and no other", async () => {
    const clock = new FakeClock();
    const upgrader = new Upgrader({ writeTimeoutMs: 1_000, pingIntervalMs: 0 }, timersOf(clock));
    const port = await ownServer((http2) => {
      http2.on("stream", (stream, headers) => {
        upgrader.serveStream(stream, headers, { message: (socket, message) => socket.write(message) });
      });
    });
    const client = await FrameClient.meet(port, { [Setting.initialWindowSize]: 0 });
    await client.open(1);
    await client.open(3);
    client.widen(3, 1_000);
    client.say(1, masked(text("stuck")));
    client.say(3, masked(text("through")));
    await client.hear(({ type, streamId }) => type === FrameType.data && streamId === 3);
    clock.advance(2_000);
    expect(await client.resetOf(1)).toBe(ErrorCode.cancel);
    client.say(3, masked(text("still")));
    const { payload } = await client.hear(({ type, streamId }) => type === FrameType.data && streamId === 3);
    expect(parseServerFrame(payload)?.value).toEqual({ text: "still" });
  });

  test("RFC 9113 §5.1.2: the 101st stream is refused, until it is known that there may be no more: then all are", async () => {
    const server = await start();
    const unsettled = await FrameClient.meet(server.port, {}, { acknowledges: false });
    for (let index = 0; index < 100; index++) await unsettled.open(2 * index + 1);
    unsettled.ask(201);
    expect(await unsettled.resetOf(201)).toBe(ErrorCode.refusedStream);
    expect(server.connections.size).toBe(100);
    unsettled.reset(1);
    await until(() => server.connections.size === 99);
    await unsettled.open(203);

    const client = await FrameClient.meet(server.port);
    for (let index = 0; index < 100; index++) await client.open(2 * index + 1);
    client.ask(201);
    expect(await client.goAway()).not.toBe(ErrorCode.noError);
    await client.raw.ended;
    await until(() => server.connections.size === 100);
  });

  test("CONNECT without :protocol, which would make a proxy of us, is refused", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    client.ask(1, { ":method": "CONNECT", ":authority": "example.com:443" });
    const { payload } = await client.hear(({ type }) => type === FrameType.headers);
    expect(payload[0]).not.toBe(STATUS_200);
    expect(server.connections.size).toBe(0);
    await client.open(3);
  });

  test.each([
    ["a :protocol with another method", { ...handshake, ":method": "GET" }],
    ["a Connection header", { ...handshake, connection: "Upgrade" }],
    ["a name in upper case", { ...handshake, "X-Name": "a" }],
    ["a pseudo-header behind a header", reversed(handshake)],
  ])("RFC 9113 §8.1.1: %s is malformed, and resets the stream", async (_, fields) => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    client.ask(1, fields);
    expect(await client.resetOf(1)).toBe(ErrorCode.protocolError);
    await client.open(3);
  });

  test("a request that ends with its headers opens nothing", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    client.ask(1, handshake, Flag.endHeaders | Flag.endStream);
    expect(await client.resetOf(1)).toBe(ErrorCode.cancel);
    expect(server.connections.size).toBe(0);
    await client.open(3);
  });
});

describe("a client of HTTP/2 that floods, by bytes written by hand,", () => {
  /** Nothing of the flood is left behind: somebody else gets in. */
  async function expectServing(server: Server): Promise<void> {
    await until(() => server.connections.size === 0);
    await using connection = await connect(server.url, { http2: true });
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
  }

  test.each([
    ["PING", http2Frame(FrameType.ping, Flag.none, 0, Buffer.alloc(8)), ErrorCode.enhanceYourCalm],
    ["SETTINGS", settingsFrame({ [Setting.initialWindowSize]: 65_536 }), ErrorCode.enhanceYourCalm],
  ])("with %s is sent away, and loses its WebSockets", async (_, frame, code) => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    await client.open(1);
    const [connection] = server.connections;
    client.raw.write(...Array.from({ length: 500 }, () => frame));
    expect(await client.goAway()).toBe(code);
    await client.raw.ended;
    expect(await connection?.closed).toMatchObject({ code: 1006, by: "peer" });
    await expectServing(server);
  });

  test("CVE-2023-44487: with streams that are opened and reset at once is sent away", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    const flood = Array.from({ length: 2_000 }, (_, index) => [
      http2Frame(FrameType.headers, Flag.endHeaders, 2 * index + 1, headerBlock(handshake)),
      http2Frame(FrameType.rstStream, Flag.none, 2 * index + 1, uint32(ErrorCode.cancel)),
    ]);
    client.raw.write(...flood.flat());
    // Where so many come in one read, node:http2 is the first to have enough: 100 streams beyond the limit end a session.
    expect([ErrorCode.enhanceYourCalm, ErrorCode.internalError]).toContain(await client.goAway());
    await client.raw.ended;
    await expectServing(server);
  });

  test("with streams that are answered and then reset, one after the other, is sent away", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    await client.open(1); // one that goes on
    let heard: Http2Frame | undefined;
    for (let streamId = 3; heard?.type !== FrameType.goAway; streamId += 2) {
      client.ask(streamId);
      heard = await client.hear(({ type }) => type === FrameType.headers || type === FrameType.goAway);
      client.reset(streamId);
      for (let turn = 0; turn < 3; turn++) await nextTurn(); // by itself: with the next request in one packet it is another case
    }
    expect(heard.payload.readUInt32BE(4)).toBe(ErrorCode.enhanceYourCalm);
    await client.raw.ended;
    await expectServing(server);
  });

  test("CVE-2024-27316: with CONTINUATION without end is sent away", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    client.ask(1, handshake, Flag.none);
    const more = http2Frame(FrameType.continuation, Flag.none, 1, headerBlock({ "x-more": "a".repeat(100) }));
    client.raw.write(...Array.from({ length: 5_000 }, () => more));
    await client.goAway();
    await client.raw.ended;
    await expectServing(server);
  });

  test("CVE-2025-8671: with streams that it makes us reset is sent away", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    const flood = Array.from({ length: 2_000 }, (_, index) => [
      http2Frame(FrameType.headers, Flag.endHeaders, 2 * index + 1, headerBlock(handshake)),
      http2Frame(FrameType.windowUpdate, Flag.none, 2 * index + 1, uint32(0)), // RFC 9113 §6.9: a stream error
    ]);
    client.raw.write(...flood.flat());
    await client.goAway();
    await client.raw.ended;
    await expectServing(server);
  });

  test("CVE-2019-9518: with empty DATA without end is sent away", async () => {
    const server = await start();
    const client = await FrameClient.meet(server.port);
    await client.open(1);
    client.raw.write(...Array.from({ length: 5_000 }, () => http2Frame(FrameType.data, Flag.none, 1)));
    await client.raw.ended;
    await expectServing(server);
  });
});

/** A server of `node:http2` alone, on a free port. */
async function ownServer(prepare: (http2: ReturnType<typeof createServer>) => void): Promise<number> {
  const http2 = createServer({ settings: { enableConnectProtocol: true } });
  prepare(http2);
  http2.listen(0, "127.0.0.1");
  await once(http2, "listening");
  onTestFinished(() => void http2.close());
  return (http2.address() as AddressInfo).port;
}

describe("guardHttp2Session", () => {
  test("lets a session go that has had no stream for a minute, and not before", async () => {
    const clock = new FakeClock();
    const upgrader = new Upgrader();
    const port = await ownServer((http2) => {
      http2.on("session", (session) => guardHttp2Session(session, timersOf(clock)));
      http2.on("stream", (stream, headers) => upgrader.serveStream(stream, headers, () => {}));
    });
    const client = await FrameClient.meet(port);
    clock.advance(59_000);
    await client.open(1);
    clock.advance(120_000);
    await client.open(3);
    client.reset(1);
    await until(() => upgrader.connections.size === 1);
    clock.advance(120_000);
    await client.open(5);
    for (const streamId of [3, 5]) client.reset(streamId);
    await until(() => upgrader.connections.size === 0);
    clock.advance(59_000);
    await client.open(7);
    client.reset(7);
    await until(() => upgrader.connections.size === 0);
    clock.advance(60_200);
    await client.goAway();
    await client.raw.ended;
  });

  test("sends a client away that floods a server of one's own", async () => {
    const port = await ownServer((http2) => http2.on("session", (session) => guardHttp2Session(session)));
    const client = await FrameClient.meet(port);
    const ping = http2Frame(FrameType.ping, Flag.none, 0, Buffer.alloc(8));
    client.raw.write(...Array.from({ length: 200 }, () => ping));
    expect(await client.goAway()).toBe(ErrorCode.enhanceYourCalm);
  });
});
