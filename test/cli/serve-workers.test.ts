import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectMutePeer, EchoPeer } from "../support/echo-peer.js";
import { halyardScript, HalyardProcess, startServe, untilListening } from "../support/halyard-process.js";
import { parseHttpResponse } from "../support/http-response.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { upgradeRequest } from "../support/upgrade-request.js";

/** Each test starts three processes, on a machine that may be busy. */
const patience = { timeout: 60_000 };

describe("halyard serve --workers 2", patience, () => {
  test("prints where it listens once, and the lines of all workers; Ctrl-C drains all and prints the sums", async () => {
    const { url, echoUrl, process } = await startServe("--workers", "2");
    const peers = await Promise.all([1, 2, 3, 4].map(() => EchoPeer.connect(echoUrl)));
    for (const [i, peer] of peers.entries()) expect(await peer.echo(`hello ${i}`)).toBe(`hello ${i}`);
    await process.find(/(?: sent: .*\n[^]*?){4}/);
    process.signal("SIGINT");
    for (const peer of peers) expect(await peer.closed).toEqual({ code: 1001, reason: "the server is stopping" });
    expect(await process.exited).toEqual({ code: 0, signal: null });
    const lines = process.stdout.trimEnd().split("\n");
    expect(lines[0]).toBe(`Halyard is listening on ${url}`);
    expect(lines.filter((line) => line.includes("listening"))).toHaveLength(1);
    expect(lines.flatMap((line) => /sent: (.+)/.exec(line)?.[1] ?? []).toSorted()).toEqual(
      peers.map((_, i) => `hello ${i}`),
    );
    expect(lines.slice(-2)).toEqual([
      "draining after SIGINT; a second one ends it at once",
      "stopped: 4 closed, 0 terminated",
    ]);
    expect(process.stderr).toBe("");
  });

  test("--health and --drain-delay-ms: every worker says that it drains, and goes on until the delay is over", async () => {
    const server = await startServe("--workers", "2", "--health", "--drain-delay-ms", "2000");
    const ready = async (): Promise<number> => {
      const asked = request(new URL("/readyz", server.url), { agent: false }).end();
      return ((await once(asked, "response")) as [IncomingMessage])[0].resume().statusCode ?? 0;
    };
    expect([await ready(), await ready()]).toEqual([200, 200]);
    const peer = await EchoPeer.connect(server.echoUrl);
    server.process.signal("SIGTERM");
    while ((await ready()) === 200);
    expect(await peer.echo("still here")).toBe("still here");
    const statuses = new Set<unknown>();
    while (!statuses.has("gone")) statuses.add(await ready().catch(() => "gone"));
    expect([...statuses].at(0)).toBe(503);
    expect(await peer.closed).toEqual({ code: 1001, reason: "the server is stopping" });
    expect(await server.process.exited).toEqual({ code: 0, signal: null });
    expect(server.process.stdout).toMatch(/stopped: 1 closed, 0 terminated\n$/);
  });

  test("--proxy-protocol: each worker reads whose a connection is", async () => {
    const flags = ["--trust-proxy", "127.0.0.1", "--proxy-protocol"];
    const server = await startServe("--workers", "2", "--host", "127.0.0.1", ...flags);
    for (let client = 1; client <= 4; client++) {
      const raw = await RawSocket.connect(server.port);
      raw.write(`PROXY TCP4 192.0.2.${client} 192.0.2.9 4711 80\r\n`);
      raw.write(upgradeRequest({ path: "/echo", headers: { Host: "localhost" } }));
      expect(await raw.take(parseHttpResponse)).toMatchObject({ status: 101 });
      const peer = new RawPeer(raw);
      peer.say("hello");
      expect(await peer.hear()).toEqual({ text: "hello" });
      await server.process.find(new RegExp(`^192\\.0\\.2\\.${client}:4711 sent: hello$`, "m"));
    }
  });

  test("drains the same where the terminal has sent Ctrl-C to every process", async () => {
    const child = spawn(process.execPath, [halyardScript, "serve", "--port", "0", "--workers", "2"], {
      detached: true,
    });
    const { echoUrl, process: halyard } = await untilListening(HalyardProcess.of(child));
    const peers = await Promise.all([1, 2, 3].map(() => EchoPeer.connect(echoUrl)));
    process.kill(-Number(child.pid), "SIGINT");
    for (const peer of peers) expect(await peer.closed).toEqual({ code: 1001, reason: "the server is stopping" });
    expect(await halyard.exited).toEqual({ code: 0, signal: null });
    expect(halyard.stdout).toMatch(/stopped: 3 closed, 0 terminated\n$/);
  });

  test("--json keeps every line whole, and ends with what was closed before stopped", async () => {
    const { echoUrl, process } = await startServe("--json", "--workers", "2");
    const peers = await Promise.all([1, 2, 3, 4].map(() => EchoPeer.connect(echoUrl)));
    const count = 500;
    for (let i = 0; i < count; i++) for (const peer of peers) peer.send(`${i} `.padEnd(150, "x"));
    for (const peer of peers) for (let i = 0; i < count; i++) await peer.receive();
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    const events = process.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string });
    const countOf = (event: string): number => events.filter((each) => each.event === event).length;
    expect(["listening", "opened", "message", "closed", "draining", "stopped"].map(countOf)).toEqual([
      1,
      4,
      4 * count,
      4,
      1,
      1,
    ]);
    expect(events.at(-1)).toMatchObject({ event: "stopped", closed: 4, terminated: 0 });
  });

  test("prints on stderr what workers refuse, and reports and replaces one that dies", async () => {
    const { echoUrl, process: halyard } = await startServe("--workers", "2");
    expect(await EchoPeer.refusedStatus(echoUrl, { origin: "https://attacker.example" })).toBe(403);
    await halyard.complained(/ refused: 403 origin-not-allowed: .*\n/);
    await EchoPeer.connect(echoUrl);
    const [pid = 0] = execFileSync("pgrep", ["-P", String(halyard.pid)], { encoding: "utf8" })
      .split("\n")
      .map(Number);
    process.kill(pid, "SIGKILL");
    await halyard.complained(
      /error: worker \d \(process \d+\) was ended by SIGKILL without having been asked to; .*\n/,
    );
    const peer = await EchoPeer.connect(echoUrl);
    expect(await peer.echo("still here")).toBe("still here");
  });

  test("ends at once on a second signal, with its workers", async () => {
    const { port, process } = await startServe("--workers", "2", "--close-timeout-ms", "600000");
    const peer = await connectMutePeer(port);
    process.signal("SIGINT");
    await process.find(/draining/);
    const gone = once(peer.resume(), "close");
    process.signal("SIGINT");
    expect(await process.exited).toEqual({ code: 130, signal: null });
    await gone;
  });

  test("says in one line that the port is in use, and exits with 1", async () => {
    const { port } = await startServe();
    const second = HalyardProcess.start("serve", "--workers", "2", "--port", String(port));
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stderr).toBe(`halyard: port ${port} is in use; choose another with --port, or 0 for a free one\n`);
    expect(second.stdout).toBe("");
  });

  test("--tls shows one certificate from every worker", async () => {
    const { port, process } = await startServe("--tls", "--workers", "2");
    const [, fingerprint] = await process.find(/SHA-256 (\S+)/);
    for (let i = 0; i < 4; i++) {
      const socket = connectTls({ port, host: "localhost", rejectUnauthorized: false });
      onTestFinished(() => void socket.destroy());
      await once(socket, "secureConnect");
      expect(socket.getPeerCertificate().fingerprint256).toBe(fingerprint);
    }
  });
});
