import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connectMutePeer, EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess, startServe, untilListening } from "../support/halyard-process.js";
import { newFile } from "../support/new-file.js";
import { RawSocket } from "../support/raw-socket.js";

/** The lines of JSON that a server has printed. */
function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

describe("halyard serve", patience, () => {
  test("prints the address to open, with the real port, and serves the page there", async () => {
    const { url, port } = await startServe();
    expect(url).toBe(`http://localhost:${port}/`);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html\b/);
    expect(response.headers.get("cache-control")).toBe("no-cache"); // an update shows at once
    expect(await response.text()).toContain('id="output"');
  });

  test.each(["localhost", "127.0.0.1", "[::1]"])("listens on every interface: %s", async (host) => {
    const { port } = await startServe();
    const peer = await EchoPeer.connect(`ws://${host}:${port}/echo`);
    expect(await peer.echo("hello")).toBe("hello");
  });

  test("answers pages to its own names only, on loopback: DNS rebinding reads pages as well", async () => {
    const { port } = await startServe();
    for (const [host, status] of [
      [`localhost:${port}`, 200],
      [`attacker.example:${port}`, 421],
    ] as const) {
      const raw = await RawSocket.connect(port);
      raw.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(await raw.rest()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });

  test("listens on --host only, when it is given", async () => {
    const { port, url } = await startServe("--host", "127.0.0.1");
    expect(url).toBe(`http://127.0.0.1:${port}/`);
    await expect(fetch(url)).resolves.toMatchObject({ status: 200 });
    await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow("fetch failed");
  });

  test("takes an IPv6 address in brackets too, as URLs have it", async () => {
    const { port, url } = await startServe("--host", "[::1]");
    expect(url).toBe(`http://[::1]:${port}/`);
    await expect(fetch(url)).resolves.toMatchObject({ status: 200 });
  });

  test("echoes text as text and binary as binary, the empty ones too", async () => {
    const { echoUrl } = await startServe();
    const peer = await EchoPeer.connect(echoUrl);
    for (const message of ["hello", "", "⚓ 你好", Buffer.from([0, 255, 128]), Buffer.alloc(0), "x".repeat(500_000)]) {
      expect(await peer.echo(message)).toEqual(message);
    }
  });

  test("prints `ADDRESS sent: MESSAGE` with control characters escaped", async () => {
    const { port, process } = await startServe();
    const peer = await EchoPeer.connect(`ws://[::1]:${port}/echo`, { localAddress: "::1" });
    await peer.echo("hello");
    await peer.echo("\u001b[2J\nfake: line");
    await peer.echo(Buffer.from("hello world!"));
    const [, sent = ""] = await process.find(/((?:\[::1\]:\d+ sent: .*\n){3})/);
    expect(sent.replaceAll(/\]:\d+ /g, "]:PORT ")).toBe(
      "[::1]:PORT sent: hello\n" +
        String.raw`[::1]:PORT sent: \x1b[2J\nfake: line` +
        "\n[::1]:PORT sent: <binary, 12 bytes> 68 65 6c 6c 6f 20 77 6f 72 6c 64 21\n",
    );
  });

  test("--quiet prints no line per message", async () => {
    const { echoUrl, process } = await startServe("--quiet");
    const peer = await EchoPeer.connect(echoUrl);
    await peer.echo("hello");
    process.signal("SIGTERM");
    await process.exited;
    expect(process.stdout).toMatch(/stopped: 1 closed, 0 terminated\n$/);
    expect(process.stdout).not.toContain("sent:");
  });

  test("--json prints one object per line for everything that happens", async () => {
    const { echoUrl, port, process } = await startServe("--json");
    const peer = await EchoPeer.connect(echoUrl);
    await peer.echo("he\u202ello");
    await peer.echo(Buffer.from([1, 2]));
    peer.socket.close(4321, "bye\n");
    await process.find(/"closed"/);
    await EchoPeer.refusedStatus(echoUrl, { origin: "https://attacker.example" });
    await process.find(/"refused"/);
    process.signal("SIGTERM");
    await process.exited;

    const events = eventsOf(process.stdout);
    for (const { ts } of events) expect(new Date(String(ts)).toISOString()).toBe(ts);
    const remote: unknown = expect.stringMatching(/^(?:\[::1\]|127\.0\.0\.1):\d+$/);
    expect(events.map(({ ts: _, ...event }) => event)).toMatchObject([
      { level: "info", event: "listening", url: `http://localhost:${port}/`, port },
      { level: "info", event: "opened", remote },
      { level: "info", event: "message", remote, type: "text", bytes: 8, text: "he\u202ello" },
      { level: "info", event: "message", remote, type: "binary", bytes: 2, hex: "01 02" },
      { level: "info", event: "closed", remote, code: 4321, reason: "bye\n", by: "peer", clean: true },
      { level: "warn", event: "refused", status: 403, origin: "https://attacker.example" },
      { level: "info", event: "draining", signal: "SIGTERM" },
      { level: "info", event: "stopped", closed: 0, terminated: 0 },
    ]);
    expect(process.stdout).not.toContain("\u202e");
    expect(process.stderr).toBe("");
  });
});

describe("halyard serve keeps its limits", patience, () => {
  test.each([
    ["--max-message-bytes", 1009],
    ["--max-frame-bytes", 1009],
  ])("%s 10: eleven bytes end with %i", async (flag, code) => {
    const { echoUrl } = await startServe(flag, "10");
    const peer = await EchoPeer.connect(echoUrl);
    expect(await peer.echo("0123456789")).toBe("0123456789");
    peer.send("0123456789a");
    expect(await peer.closed).toMatchObject({ code });
  });

  test("--max-fragments 2: a third frame ends with 1008", async () => {
    const { echoUrl } = await startServe("--max-fragments", "2");
    const peer = await EchoPeer.connect(echoUrl);
    peer.socket.send("a", { fin: false });
    peer.socket.send("b", { fin: true });
    expect(await peer.receive()).toBe("ab");
    for (const text of ["a", "b", "c"]) peer.socket.send(text, { fin: false });
    expect(await peer.closed).toMatchObject({ code: 1008 });
  });

  test("--max-message-bytes 0: a message may have more fragments too", async () => {
    const { echoUrl } = await startServe("--max-message-bytes", "0", "--quiet");
    const peer = await EchoPeer.connect(echoUrl);
    const fragments = 16_385;
    for (let sent = 1; sent <= fragments; sent++) peer.socket.send("a", { fin: sent === fragments });
    expect(await peer.receive()).toHaveLength(fragments);
  });

  test.each([
    [["--ping-interval-ms", "100", "--pong-timeout-ms", "100"], 1011, "ping-timeout"],
    [["--idle-timeout-ms", "100"], 1001, "idle-timeout"],
    [["--max-lifetime-ms", "100"], 1001, "max-lifetime"],
    [["--message-timeout-ms", "100"], 1008, "message-timeout"],
  ])("%j end with %i and say why", async (flags, code, reason) => {
    const { echoUrl, process } = await startServe("--json", ...flags);
    const peer = await EchoPeer.connect(echoUrl, { autoPong: false });
    if (reason === "message-timeout") peer.socket.send("begun", { fin: false });
    expect(await peer.closed).toEqual({ code, reason });
    await process.find(/"closed"/);
    expect(eventsOf(process.stdout).at(-1)).toMatchObject({ event: "closed", code, reason, by: "us" });
    expect(process.stderr).toBe("");
  });

  test.each([
    ["--max-messages-per-second", "2"],
    ["--max-bytes-per-second", "20"],
  ])("%s %s: a burst of five seconds passes, the rest has to wait", async (flag, limit) => {
    const { echoUrl, process } = await startServe("--json", flag, limit);
    const peer = await EchoPeer.connect(echoUrl);
    // Ten bytes each on the wire; the server reads the first ten or so, and then one every half a second.
    for (let i = 0; i < 13; i++) expect(await peer.echo("echo")).toBe("echo");
    await process.find(/(?:"message"[^]*){13}/);
    const times = eventsOf(process.stdout)
      .filter(({ event }) => event === "message")
      .map(({ ts }) => Date.parse(String(ts)));
    expect((times.at(-1) ?? 0) - (times.at(0) ?? 0)).toBeGreaterThan(900);
  });

  test.each([
    ["--max-total-buffered-bytes", "1", /more than 1 bytes are queued for all connections/],
    ["--write-timeout-ms", "200", /write-timeout: The peer took nothing .* \(writeTimeoutMs: 200 ms\)/],
  ])("%s %s: a peer that never reads is ended", async (flag, limit, why) => {
    const { echoUrl, process } = await startServe("--json", "--quiet", flag, limit);
    const peer = await EchoPeer.connect(echoUrl);
    peer.socket.pause();
    const flood = setInterval(() => peer.send(Buffer.alloc(1_000_000)), 5);
    await process.find(why);
    clearInterval(flood);
  });

  test("--max-message-bytes 0: no limit", async () => {
    const { echoUrl } = await startServe("--max-message-bytes", "0");
    const peer = await EchoPeer.connect(echoUrl, { maxPayload: 0 });
    const message = Buffer.alloc(3 * 1024 * 1024, 7);
    expect(message.equals((await peer.echo(message)) as Buffer)).toBe(true);
  });

  test("--compression: for peers that can, and for no others", async () => {
    const { port } = await startServe("--compression", "--quiet");
    const url = `ws://localhost:${port}/echo`;
    const compressing = await EchoPeer.connect(url, { perMessageDeflate: { threshold: 0 } });
    expect(compressing.socket.extensions).toBe("permessage-deflate");
    const plain = await EchoPeer.connect(url);
    expect(plain.socket.extensions).toBe("");
    for (const message of ["short", "long ".repeat(50_000)]) {
      expect(await compressing.echo(message)).toBe(message);
      expect(await plain.echo(message)).toBe(message);
    }
  });

  test("--max-connections 1: the second is refused, and the refusal is printed on stderr", async () => {
    const { echoUrl, process } = await startServe("--max-connections", "1");
    const first = await EchoPeer.connect(echoUrl);
    expect(await EchoPeer.refusedStatus(echoUrl)).toBe(503);
    expect(await first.echo("still here")).toBe("still here");
    process.signal("SIGTERM");
    await process.exited;
    expect(process.stderr).toMatch(/^(?:\[::1\]|127\.0\.0\.1):\d+ refused: 503 [\w-]+\n$/);
  });

  test("refuses pages of other origins, unless --allow-origin names them", async () => {
    const closedServer = await startServe();
    const origin = "https://app.example";
    expect(await EchoPeer.refusedStatus(closedServer.echoUrl, { origin })).toBe(403);
    await closedServer.process.complained(
      / refused: 403 origin-not-allowed: Origin https:\/\/app\.example; --allow-origin lets one in\n$/,
    );
    const openServer = await startServe("--allow-origin", "https://other.example", "--allow-origin", origin);
    const peer = await EchoPeer.connect(openServer.echoUrl, { origin });
    expect(await peer.echo("hello")).toBe("hello");
  });

  test("refuses foreign names in Host over loopback (DNS rebinding), unless --allow-host names them", async () => {
    const headers = { Host: "rebound.example" };
    const closedServer = await startServe();
    expect(await EchoPeer.refusedStatus(closedServer.echoUrl, { headers })).toBe(421);
    await closedServer.process.complained(
      / refused: 421 host-not-allowed: Host rebound\.example; --allow-host lets one in\n$/,
    );
    const openServer = await startServe("--allow-host", "rebound.example");
    const peer = await EchoPeer.connect(openServer.echoUrl, { headers });
    expect(await peer.echo("hello")).toBe("hello");
  });

  test("stops reading from a peer that does not read, and loses nothing", async () => {
    const { echoUrl, process } = await startServe("--json", "--max-buffered-bytes", "1048576");
    const [greedy, other] = [await EchoPeer.connect(echoUrl), await EchoPeer.connect(echoUrl)];
    const count = 1_000;
    const message = Buffer.alloc(64 * 1024, "x"); // 64 MB in all, far above what the kernel holds in between
    const messagesRead = (): number => process.stdout.split('"bytes":65536').length - 1;

    greedy.socket.pause();
    for (let sent = 0; sent < count; sent += 1) greedy.send(message);
    // The other connection works on; once it has been around often without news of the first, the server has stopped reading.
    for (let quietRounds = 0, seen = -1; quietRounds < 50; quietRounds += 1) {
      await other.echo("round");
      if (messagesRead() !== seen) quietRounds = 0;
      seen = messagesRead();
    }
    expect(messagesRead()).toBeLessThan(count);

    greedy.socket.resume();
    for (let received = 0; received < count; received += 1) expect(await greedy.receive()).toHaveLength(message.length);
    await expect.poll(messagesRead).toBe(count);
  });
});

describe("halyard serve stops", patience, () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "on %s: closes every connection with 1001 and exits with 0",
    async (signal) => {
      const { echoUrl, process } = await startServe();
      const peers = await Promise.all([EchoPeer.connect(echoUrl), EchoPeer.connect(echoUrl)]);
      process.signal(signal);
      for (const peer of peers) expect(await peer.closed).toEqual({ code: 1001, reason: "the server is stopping" });
      expect(await process.exited).toEqual({ code: 0, signal: null });
      expect(process.stdout).toMatch(
        new RegExp(`draining after ${signal}; a second one ends it at once\nstopped: 2 closed, 0 terminated\n$`),
      );
      expect(process.stderr).toBe("");
    },
  );

  test("with what does not answer terminated after --close-timeout-ms", async () => {
    const { port, process } = await startServe("--close-timeout-ms", "50");
    await connectMutePeer(port);
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stdout).toMatch(/stopped: 0 closed, 1 terminated\n$/);
  });

  test.each([["http"], ["https"]])(
    "at once, though a browser keeps spare %s connections and half a request open",
    async (scheme) => {
      const { port, process } = await startServe(...(scheme === "https" ? ["--tls"] : []));
      const [spare, half] = [connect(port, "localhost"), connect(port, "localhost")];
      await Promise.all([once(spare, "connect"), once(half, "connect")]);
      const gone = Promise.all([once(spare.resume(), "close"), once(half.resume(), "close")]);
      half.write("GET / HTTP/1.1\r\nHo");
      await fetch(`http://localhost:${port}/`).catch(() => undefined); // by now the server has accepted both
      const signalledAtMs = performance.now();
      process.signal("SIGINT");
      expect(await process.exited).toEqual({ code: 0, signal: null });
      await gone;
      expect(performance.now() - signalledAtMs).toBeLessThan(5_000); // the deadline is 10,000
    },
  );

  test.each([
    ["SIGINT", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 143],
    ["SIGINT", "SIGTERM", 143],
  ] as const)("at once on %s and then, however soon, %s: exit code %i", async (first, second, code) => {
    const { port, process } = await startServe("--close-timeout-ms", "600000");
    await connectMutePeer(port);
    process.signal(first);
    await process.find(/draining/);
    process.signal(second);
    expect(await process.exited).toEqual({ code, signal: null });
    expect(process.stdout).not.toContain("stopped");
  });

  test("cleanly under npm start, where one signal arrives twice", async () => {
    const { port, process } = await untilListening(HalyardProcess.startUnderNpm("serve", "--port", "0"));
    const peer = await connectMutePeer(port);
    process.signal("SIGINT");
    await process.find(/draining/);
    process.signal("SIGINT");
    peer.destroy();
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stdout).toMatch(/stopped: 0 closed, 1 terminated\n$/);
  });

  test("at once on the third signal under npm start, however soon", async () => {
    const npm = HalyardProcess.startUnderNpm("serve", "--port", "0", "--close-timeout-ms", "600000");
    const { port, process } = await untilListening(npm);
    await connectMutePeer(port);
    process.signal("SIGTERM");
    await process.find(/draining/);
    const pressing = setInterval(() => process.signal("SIGTERM"), 20); // signals that come together are one
    expect(await process.exited.finally(() => clearInterval(pressing))).toEqual({ code: 143, signal: null });
  });
});

describe("a signal to halyard serve that does not listen yet", patience, () => {
  test.each(["SIGINT", "SIGTERM"] as const)("ends it, even while it waits for a file: %s", async (signal) => {
    const pipe = newFile();
    execFileSync("mkfifo", [pipe]);
    const process = HalyardProcess.start("serve", "--port", "0", "--cert", pipe, "--key", pipe);
    // Who opens a pipe to write finds nobody before it is open for reading.
    const writing = await vi.waitFor(() => openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK), {
      timeout: 10_000,
    });
    onTestFinished(() => closeSync(writing));
    process.signal(signal);
    expect(await process.exited).toEqual({ code: null, signal });
    expect(process.stdout + process.stderr).toBe("");
  });
});

describe("halyard serve outlives the reader of its output", patience, () => {
  test("that has left: EPIPE", async () => {
    const { echoUrl, process } = await startServe();
    process.hangUp();
    const peer = await EchoPeer.connect(echoUrl);
    for (let count = 0; count < 10; count += 1) expect(await peer.echo("into the void")).toBe("into the void");
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stderr).toBe("");
  });

  test.each([[[]], [["--json"]]])("that is a full disk, as it says once on stderr: %j", async (flags) => {
    const process = HalyardProcess.startOnFullDisk("stdout", "serve", "--port", "0", ...flags);
    await process.complained(/\n/);
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stderr).toMatch(/^.*error.*cannot write to stdout: ENOSPC: .*\n$/);
  });

  test("that is a full disk, for its warnings, as it says once on stdout", async () => {
    const started = HalyardProcess.startOnFullDisk("stderr", "serve", "--port", "0", "--max-connections", "1");
    const { echoUrl, process } = await untilListening(started);
    const first = await EchoPeer.connect(echoUrl);
    for (let count = 0; count < 3; count += 1) expect(await EchoPeer.refusedStatus(echoUrl)).toBe(503);
    expect(await first.echo("still here")).toBe("still here");
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stdout.match(/^error: cannot write to stderr: ENOSPC: .*$/gm)).toHaveLength(1);
  });

  test("that has stopped: it echoes on, and exits all the same", async () => {
    const { echoUrl, process } = await startServe();
    const peer = await EchoPeer.connect(echoUrl);
    process.stall();
    const line = "x".repeat(160);
    const count = 20_000; // 4 MB of output, more than a pipe and the writer keep together
    for (let sent = 0; sent < count; sent += 1) peer.send(line);
    for (let received = 0; received < count; received += 1) await peer.receive();
    process.signal("SIGTERM");
    expect(await peer.closed).toMatchObject({ code: 1001 });
    expect(await process.exitedAlone).toEqual({ code: 0, signal: null });
  });
});
