import { describe, expect, test } from "vitest";
import { parseFlags } from "../../src/cli/flags.js";
import { serveFlags } from "../../src/cli/serve-flags.js";
import { statusTokenOf } from "../../src/cli/status-access.js";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess, type RunningServer, startServe } from "../support/halyard-process.js";
import { RawSocket } from "../support/raw-socket.js";
import { samplesOf } from "../support/samples.js";
import { firstReport } from "../support/status-events.js";

const patience = { timeout: 20_000 };
const TOKEN = "a-token-of-the-user";

async function ask({ url }: RunningServer, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(new URL(path, url), { headers });
}

async function statusOf(server: RunningServer, path: string, headers?: Record<string, string>): Promise<number> {
  const response = await ask(server, path, headers);
  await response.body?.cancel();
  return response.status;
}

describe("halyard serve --metrics --status", patience, () => {
  test("wants no token on loopback, and counts what goes on", async () => {
    const server = await startServe("--host", "127.0.0.1", "--metrics", "--status");
    await server.process.find(/Look inside at http:\/\/127\.0\.0\.1:\d+\/status\n/);
    const peer = await EchoPeer.connect(server.echoUrl);
    await peer.echo("hello");
    await EchoPeer.refusedStatus(server.echoUrl, { origin: "https://attacker.example" });

    const scraped = await ask(server, "/metrics");
    expect(scraped.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(scraped.headers.get("cache-control")).toBe("no-store");
    expect(samplesOf(await scraped.text())).toMatchObject({
      halyard_connections_open: 1,
      'halyard_messages_received_total{type="text"}': 1,
      'halyard_bytes_sent_total{type="text"}': 5,
      'halyard_refusals_total{code="origin-not-allowed"}': 1,
      'halyard_handler_milliseconds_bucket{le="+Inf"}': 1,
    });
    const events = await ask(server, "/status/events");
    expect(events.headers.get("content-type")).toBe("text/event-stream");
    expect(await firstReport(events)).toMatchObject({ open: 1, messagesReceived: 1, messagesSent: 1, bytesSent: 5 });
    expect((await ask(server, "/status")).url).toBe(new URL("/status.html", server.url).href);
  });

  test("makes a token where others can connect, and prints it in one line only", async () => {
    const server = await startServe("--metrics", "--status");
    const [, token = ""] = await server.process.find(/Look inside at http:\S+\/status#(\S{24}) /);
    for (const path of ["/metrics", "/status/events"]) {
      const refused = await ask(server, path);
      expect([refused.status, refused.headers.get("www-authenticate")], path).toEqual([401, "Bearer"]);
      expect(await refused.text(), path).not.toContain(token);
      expect(await statusOf(server, path, { Authorization: "Bearer wrong" }), path).toBe(401);
      expect(await statusOf(server, path, { Authorization: `Basic ${token}` }), path).toBe(401);
      expect(await statusOf(server, `${path}?token=${token}`), path).toBe(401);
      expect(await statusOf(server, path, { Authorization: `Bearer ${token}` }), path).toBe(200);
    }
    server.process.signal("SIGTERM");
    await server.process.exited;
    const lines = `${server.process.stdout}${server.process.stderr}`.split("\n");
    expect(lines.filter((line) => line.includes(token))).toHaveLength(1);
  });

  test.each([[[]], [["--json"]]])("takes the token that it is given, and prints it nowhere: %j", async (more) => {
    const server = await startServe("--host", "127.0.0.1", "--status", "--status-token", TOKEN, ...more);
    await server.process.find(/http:\/\/127\.0\.0\.1:\d+\/status\b(?!#)/);
    expect(await statusOf(server, "/status/events")).toBe(401);
    expect(await statusOf(server, "/status/events", { Authorization: `Bearer ${TOKEN}` })).toBe(200);
    server.process.signal("SIGTERM");
    await server.process.exited;
    expect(server.process.stdout + server.process.stderr).not.toContain(TOKEN);
  });

  test("answers no page of another origin, with the right token or where none is wanted", async () => {
    const guarded = await startServe("--metrics", "--status-token", TOKEN);
    const Authorization = `Bearer ${TOKEN}`;
    const origin = new URL(guarded.url).origin;
    expect(await statusOf(guarded, "/metrics", { Authorization, Origin: "https://attacker.example" })).toBe(401);
    expect(await statusOf(guarded, "/metrics", { Authorization, Origin: "null" })).toBe(401);
    expect(await statusOf(guarded, "/metrics", { Authorization, Origin: origin })).toBe(200);
    const local = await startServe("--host", "127.0.0.1", "--metrics");
    expect(await statusOf(local, "/metrics", { Origin: "https://attacker.example" })).toBe(401);
  });

  test("answers no name that is not its own, on loopback: a re-bound page has an origin like its host", async () => {
    const { port } = await startServe("--host", "127.0.0.1", "--metrics");
    const raw = await RawSocket.connect(port);
    raw.write(`GET /metrics HTTP/1.1\r\nHost: attacker.example:${port}\r\nConnection: close\r\n\r\n`);
    expect(await raw.rest()).toMatch(/^HTTP\/1\.1 421 /);
  });

  test("answers what was asked for only, and GET and HEAD only", async () => {
    const server = await startServe("--host", "127.0.0.1", "--metrics");
    expect(await statusOf(server, "/status")).toBe(404);
    expect(await statusOf(server, "/status/events")).toBe(404);
    expect((await fetch(new URL("/metrics", server.url), { method: "POST" })).status).toBe(404);
    expect((await fetch(new URL("/metrics", server.url), { method: "HEAD" })).status).toBe(200);
    const plain = await startServe("--host", "127.0.0.1");
    for (const path of ["/status", "/metrics", "/status/events"]) expect(await statusOf(plain, path), path).toBe(404);
  });

  test("stops while somebody looks", async () => {
    const server = await startServe("--host", "127.0.0.1", "--status");
    const events = await ask(server, "/status/events");
    server.process.signal("SIGTERM");
    expect(await events.text()).toMatch(/^data: /); // it ends
    expect(await server.process.exited).toEqual({ code: 0, signal: null });
  });

  test.each([
    [["--status-token", TOKEN], "--status-token needs --status or --metrics"],
    [["--status", "--status-token", "short"], "--status-token takes 16 or more printable characters without spaces"],
  ])("refuses %j with exit code 2", async (args, message) => {
    const process = HalyardProcess.start("serve", "--port", "0", ...args);
    expect(await process.exited).toEqual({ code: 2, signal: null });
    expect(process.stderr).toContain(message);
    expect(process.stderr).not.toContain(TOKEN);
  });
});

test.each([
  [[], true],
  [["--host", "0.0.0.0"], true],
  [["--host", "127.0.0.1.example.com"], true],
  [["--host", "127.0.0.1", "--trust-proxy", "loopback"], true],
  [["--host", "localhost"], false],
  [["--host", "::1"], false],
  [["--host", "127.8.8.8"], false],
])("a token is made unless only this machine can connect: %j %s", (args, isMade) => {
  const token = statusTokenOf(parseFlags(serveFlags, args));
  expect(token?.isMade ?? false).toBe(isMade);
  if (token !== undefined) expect(token.text).toMatch(/^[\w-]{24}$/);
});
