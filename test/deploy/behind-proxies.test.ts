import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Connection, serve, type Server, type ServeOptions } from "../../src/server/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { startServe } from "../support/halyard-process.js";
import {
  certificate,
  hasProxy,
  impatient,
  proxies,
  ProxyProgram,
  type ProxySetup,
  watchful,
} from "./support/proxy-program.js";

const MIB = 1024 * 1024;
const patience = { timeout: 20_000 };
/** The proxies connect from 127.0.0.1; clients are told from them by another address of this machine. */
const client = { localAddress: "127.0.0.5", rejectUnauthorized: false };

interface Seen {
  readonly remote: string;
  readonly secure: boolean;
  readonly host: string;
}

interface Site {
  readonly proxy: ProxyProgram;
  readonly server: Server<Seen>;
  readonly url: string;
  readonly options: Partial<ServeOptions<Seen>>;
}

/** Halyard behind a proxy. */
async function open(setup: ProxySetup, options: Partial<ServeOptions<Seen>> = {}): Promise<Site> {
  const server = await halyard(options);
  const proxy = await ProxyProgram.start(setup, server.port);
  return { proxy, server, url: `wss://127.0.0.1:${proxy.port}`, options };
}

/** A server that says to each who it takes them to be, and echoes. */
async function halyard(options: Partial<ServeOptions<Seen>>): Promise<Server<Seen>> {
  return await serve<Seen>({
    host: "127.0.0.1",
    trustProxy: ["127.0.0.1"],
    health: true,
    compression: true,
    maxMessageBytes: 16 * MIB,
    maxBufferedBytes: 64 * MIB,
    pingIntervalMs: 200,
    authorize: ({ remote, secure, host }) => ({ remote, secure, host }),
    routes: {
      "/echo": { message: (socket, message) => socket.send(message) },
      "/who": { open: (socket: Connection<Seen>) => void socket.send(JSON.stringify(socket.data)) },
    },
    ...options,
  });
}

async function shut({ proxy, server }: Site): Promise<void> {
  await proxy.stop();
  await server.close({ deadlineMs: 0 });
}

/** A site for one test. */
async function openForTest(setup: ProxySetup, options: Partial<ServeOptions<Seen>> = {}): Promise<Site> {
  const site = await open(setup, options);
  onTestFinished(() => shut(site));
  return site;
}

function binary(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

/** Sees to `count` pings of the server, which answer themselves. */
async function pings(peer: EchoPeer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await once(peer.socket, "ping");
}

async function whoAmI(url: string, headers: Record<string, string> = {}): Promise<Seen> {
  const peer = await EchoPeer.connect(`${url}/who`, { ...client, headers });
  return JSON.parse(String(await peer.receive())) as Seen;
}

/** What each of them does. `siteOf` gives a site that the tests share. */
function carriesWebSockets(siteOf: () => Site): void {
  test("an echo", async () => {
    const peer = await EchoPeer.connect(`${siteOf().url}/echo`, client);
    expect(await peer.echo("hello")).toBe("hello");
    expect(await peer.echo(Uint8Array.of(0, 255))).toEqual(Buffer.of(0, 255));
    peer.socket.close(4000, "enough");
    expect(await peer.closed).toMatchObject({ code: 4000 });
  });

  test("16 MiB in one message, both ways", async () => {
    const peer = await EchoPeer.connect(`${siteOf().url}/echo`, client);
    const message = binary(16 * MIB);
    const echoed = (await peer.echo(message)) as Buffer;
    expect(echoed.equals(message)).toBe(true);
  });

  test("compressed messages", async () => {
    const peer = await EchoPeer.connect(`${siteOf().url}/echo`, { ...client, perMessageDeflate: true });
    expect(peer.socket.extensions).toContain("permessage-deflate");
    const message = "again and ".repeat(10_000);
    expect(await peer.echo(message)).toBe(message);
  });

  test("the pages beside them", async () => {
    const asked = get(siteOf().url.replace("wss", "https") + "/readyz", { rejectUnauthorized: false, agent: false });
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    expect(await text(response)).toBe("ready\n");
  });
}

/** Who the server takes a client to be. */
function namesClients(siteOf: () => Site): void {
  test("the client's address, TLS and host", async () => {
    const { url, proxy } = siteOf();
    expect(await whoAmI(url)).toEqual({
      remote: expect.stringMatching(/^127\.0\.0\.5(?::\d+)?$/) as unknown,
      secure: true,
      host: `127.0.0.1:${proxy.port}`,
    });
  });

  test("nothing else, whatever the client says of itself", async () => {
    const spoof = {
      "X-Forwarded-For": "192.0.2.66",
      "X-Forwarded-Proto": "http",
      "X-Forwarded-Host": "evil.example",
      Forwarded: "for=192.0.2.66;proto=http;host=evil.example",
      "X-Real-IP": "192.0.2.66",
    };
    expect(await whoAmI(siteOf().url, spoof)).toMatchObject({
      remote: expect.stringMatching(/^127\.0\.0\.5(?::\d+)?$/) as unknown,
      secure: true,
    });
  });

  test("a page of this host, and no other, may connect", async () => {
    const { url, proxy } = siteOf();
    const origin = `https://127.0.0.1:${proxy.port}`;
    await EchoPeer.connect(`${url}/echo`, { ...client, origin });
    expect(await EchoPeer.refusedStatus(`${url}/echo`, { ...client, origin: "https://evil.example" })).toBe(403);
    expect(await EchoPeer.refusedStatus(`${url}/echo`, { ...client, origin: origin.replace("https", "http") })).toBe(
      403,
    );
  });
}

/** What a proxy with a time limit does with those that say nothing. */
function cutsSilence(setup: ProxySetup, options: Partial<ServeOptions<Seen>> = {}): void {
  test("pings keep what is idle for longer than the proxy's limit", async () => {
    const { url } = await openForTest(impatient(setup), options);
    const peer = await EchoPeer.connect(`${url}/echo`, client);
    await pings(peer, 6); // 1.2 s and more; the limit is 1 s
    expect(await peer.echo("still here")).toBe("still here");
  });

  test("without pings it is cut", async () => {
    const { url } = await openForTest(impatient(setup), { ...options, pingIntervalMs: 0 });
    const peer = await EchoPeer.connect(`${url}/echo`, client);
    expect(await peer.closed).toEqual({ code: 1006, reason: "" });
  });
}

/** That a reload of the proxy's configuration leaves open WebSockets alone. That it has come, another server shows. */
function keepsSocketsOverReload(siteOf: () => Site): void {
  test("a reload leaves open WebSockets alone and takes new ones", async () => {
    const { url, proxy, server, options } = siteOf();
    const next = await halyard(options);
    const moveTo = async (to: Server<Seen>): Promise<void> => {
      await proxy.reloadBefore(to.port);
      await vi.waitUntil(() => isServedBy(to, url), { timeout: 15_000, interval: 100 });
    };
    onTestFinished(async () => {
      await moveTo(server);
      await next.close({ deadlineMs: 0 });
    });
    const before = await EchoPeer.connect(`${url}/echo`, client);
    await moveTo(next);
    expect(await before.echo("before")).toBe("before");
    const after = await EchoPeer.connect(`${url}/echo`, client);
    expect(await after.echo("after")).toBe("after");
    expect(await before.echo("still")).toBe("still");
  });
}

/** Whether a new connection to `url` gets to `server`. */
async function isServedBy(server: Server<Seen>, url: string): Promise<boolean> {
  const others = server.connections.size;
  const peer = await EchoPeer.connect(`${url}/echo`, client).catch(() => undefined);
  if (peer === undefined) return false;
  await peer.echo("who?");
  const isServed = server.connections.size > others;
  peer.socket.terminate();
  return isServed;
}

/** A site that all tests of a `describe` share. */
function sharedSite(setup: ProxySetup, options: Partial<ServeOptions<Seen>> = {}): () => Site {
  let site: Site | undefined;
  beforeAll(async () => void (site = await open(setup, options)));
  afterAll(async () => void (site === undefined || (await shut(site))));
  return () => site as Site;
}

async function http2To(url: string): Promise<ClientHttp2Session> {
  const session = connectHttp2(url.replace("wss", "https"), {
    rejectUnauthorized: false,
    localAddress: "127.0.0.5",
  } as object);
  onTestFinished(() => session.destroy());
  if (session.remoteSettings.initialWindowSize === undefined) await once(session, "remoteSettings");
  return session;
}

describe.runIf(hasProxy("nginx", "nginx"))("behind nginx, which ends TLS", patience, () => {
  const siteOf = sharedSite(proxies.nginx);
  carriesWebSockets(siteOf);
  namesClients(siteOf);
  cutsSilence(proxies.nginx);
  keepsSocketsOverReload(siteOf);

  test("halyard serve prints who a client is", async () => {
    const server = await startServe("--host", "127.0.0.1", "--trust-proxy", "127.0.0.1", "--health");
    const proxy = await ProxyProgram.start(proxies.nginx, server.port);
    onTestFinished(() => proxy.stop());
    const peer = await EchoPeer.connect(`wss://127.0.0.1:${proxy.port}/echo`, client);
    expect(await peer.echo("hello")).toBe("hello");
    await server.process.find(/^127\.0\.0\.5 sent: hello$/m);
    const origin = "https://evil.example";
    expect(await EchoPeer.refusedStatus(`wss://127.0.0.1:${proxy.port}/echo`, { ...client, origin })).toBe(403);
    await server.process.complained(/^127\.0\.0\.5 refused: 403 origin-not-allowed: Origin https:\/\/evil\.example/m);
  });

  test("pages come over HTTP/2, and no WebSocket is offered there", async () => {
    const session = await http2To(siteOf().url);
    expect(session.alpnProtocol).toBe("h2");
    expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false);
  });
});

describe.runIf(hasProxy("haproxy", "HAProxy"))("behind HAProxy, which ends TLS", patience, () => {
  const siteOf = sharedSite(proxies.haproxy);
  carriesWebSockets(siteOf);
  namesClients(siteOf);
  cutsSilence(proxies.haproxy);
  keepsSocketsOverReload(siteOf);

  test("WebSockets come over HTTP/2 (RFC 8441), several on one connection", async () => {
    const { url } = siteOf();
    const session = await http2To(url);
    expect(session.remoteSettings.enableConnectProtocol).toBe(true);
    const streams = [1, 2].map(() =>
      session.request({
        [constants.HTTP2_HEADER_METHOD]: "CONNECT",
        ":protocol": "websocket",
        [constants.HTTP2_HEADER_SCHEME]: "https",
        [constants.HTTP2_HEADER_AUTHORITY]: new URL(url).host,
        [constants.HTTP2_HEADER_PATH]: "/who",
        "sec-websocket-version": "13",
      }),
    );
    for (const stream of streams) {
      const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
      expect(headers[":status"]).toBe(200);
      const [frame] = (await once(stream, "data")) as [Buffer];
      expect(frame[0]).toBe(0x81);
      expect(frame.toString()).toContain('"remote":"127.0.0.5"');
      expect(frame.toString()).toContain('"secure":true');
      stream.destroy();
    }
  });

  test("a server that drains is taken out, and what is open goes on", async () => {
    const { url, server } = await openForTest(watchful(proxies.haproxy));
    const peer = await EchoPeer.connect(`${url}/echo`, client);
    vi.useFakeTimers({ toFake: ["setTimeout"] }); // the delay lasts as long as HAProxy takes to notice
    onTestFinished(() => void vi.useRealTimers());
    const closing = server.close({ drainDelayMs: 60_000 });
    while ((await EchoPeer.connect(`${url}/echo`, client).catch(() => undefined)) !== undefined);
    expect(server.http.listening).toBe(true);
    expect(await peer.echo("open")).toBe("open");
    vi.advanceTimersByTime(60_000);
    expect(await peer.closed).toMatchObject({ code: 1001 });
    expect(await closing).toMatchObject({ terminated: 0 });
  });
});

describe.runIf(hasProxy("caddy", "Caddy"))("behind Caddy, which ends TLS", patience, () => {
  const siteOf = sharedSite(proxies.caddy);
  carriesWebSockets(siteOf);
  namesClients(siteOf);

  test("what is idle stays: it has no limit", async () => {
    const peer = await EchoPeer.connect(`${siteOf().url}/echo`, client);
    await pings(peer, 6);
    expect(await peer.echo("still here")).toBe("still here");
  });

  test("a reload closes open WebSockets and takes new ones", async () => {
    const { url, proxy, server } = siteOf();
    const before = await EchoPeer.connect(`${url}/echo`, client);
    await proxy.reloadBefore(server.port);
    expect(await before.closed).toMatchObject({ code: 1001 });
    const after = await EchoPeer.connect(`${url}/echo`, client);
    expect(await after.echo("after")).toBe("after");
  });
});

const passedOn: Partial<ServeOptions<Seen>> = {
  tls: certificate,
  trustProxy: { from: ["127.0.0.1"], headers: "none", proxyProtocol: true },
};

/** The client's port is told too. */
function namesClientsByProxyProtocol(siteOf: () => Site): void {
  test("the client's address, port, and TLS, whatever it says of itself", async () => {
    const { url, proxy } = siteOf();
    const spoof = { "X-Forwarded-For": "192.0.2.66", Forwarded: "for=192.0.2.66;proto=http" };
    const seen = await whoAmI(url, spoof);
    expect(seen).toEqual({
      remote: expect.stringMatching(/^127\.0\.0\.5:\d+$/) as unknown,
      secure: true,
      host: `127.0.0.1:${proxy.port}`,
    });
  });
}

describe.runIf(hasProxy("nginx", "nginx"))(
  "behind nginx, which passes TCP on with PROXY protocol, version 1",
  patience,
  () => {
    const siteOf = sharedSite(proxies.nginxStream, passedOn);
    carriesWebSockets(siteOf);
    namesClientsByProxyProtocol(siteOf);
    cutsSilence(proxies.nginxStream, passedOn);
    keepsSocketsOverReload(siteOf);
  },
);

describe.runIf(hasProxy("haproxy", "HAProxy"))(
  "behind HAProxy, which passes TCP on with PROXY protocol, version 2",
  patience,
  () => {
    const siteOf = sharedSite(proxies.haproxyTcp, passedOn);
    carriesWebSockets(siteOf);
    namesClientsByProxyProtocol(siteOf);
    cutsSilence(proxies.haproxyTcp, passedOn);
    keepsSocketsOverReload(siteOf);
  },
);
