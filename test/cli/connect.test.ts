import { mkdtemp, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import { refuse } from "../../src/server/index.js";
import { HalyardProcess, startServe } from "../support/halyard-process.js";
import { listening } from "../support/listening.js";
import type { RawPeer } from "../support/raw-peer.js";
import { RawServer } from "../support/raw-server.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `halyard connect` says when this is piped into it. */
async function pipe(input: string | Buffer, ...args: string[]): Promise<Ending> {
  const process = HalyardProcess.start("connect", ...args);
  process.endInput(input);
  const { code } = await process.exited;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** The lines of JSON that a session has printed, without the times. */
function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map(({ ts, ...event }) => {
      expect(new Date(String(ts)).toISOString()).toBe(ts);
      return event;
    });
}

/** A server that does this with each connection. */
async function serving(endpoint: (connection: Connection) => unknown): Promise<string> {
  const server = await listening<unknown>({ routes: { "/": endpoint } });
  return `ws://127.0.0.1:${server.port}/`;
}

/** `halyard connect` with its input open, and a server made of bytes that has let it in. */
async function meetProgram(...flags: string[]): Promise<{ program: HalyardProcess; peer: RawPeer }> {
  const server = await RawServer.start();
  const program = HalyardProcess.start("connect", `${server.url}/`, ...flags);
  const visitor = await server.visitor();
  return { program, peer: visitor.accept() };
}

describe("a pipe into halyard connect", patience, () => {
  test("echo hi | halyard connect URL prints the answer and ends with 0", async () => {
    const { echoUrl } = await startServe();
    expect(await pipe("hi\n", echoUrl)).toEqual({ code: 0, stdout: "hi\n", stderr: "" });
  });

  test("sends each line as a message, whatever it begins with, the empty ones and an unfinished last one too", async () => {
    const { echoUrl, process } = await startServe("--json");
    const input = "/ping\n\n⚓ //\r\nlast";
    expect(await pipe(input, echoUrl)).toEqual({ code: 0, stdout: "/ping\n\n⚓ //\nlast\n", stderr: "" });
    await process.find(/"closed".*"code":1000/);
  });

  test("loses nothing of many lines, at the pace of who reads", async () => {
    const { echoUrl } = await startServe("--quiet");
    const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("");
    const { code, stdout } = await pipe(lines, echoUrl);
    expect(stdout === lines).toBe(true);
    expect(code).toBe(0);
  });

  test("prints texts as they are, escapes and all, and bytes with nothing added", async () => {
    const url = await serving(async (connection) => {
      await connection.send("\u001b[31mred\nand more");
      await connection.send(Buffer.from("\u0000\u00ff", "latin1"));
      await connection.send(Buffer.from("end"));
    });
    const process = HalyardProcess.start("connect", url);
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stdout).toBe("\u001b[31mred\nand more\n\u0000\ufffdend");
  });

  test("--binary sends lines as the bytes they are", async () => {
    const received: unknown[] = [];
    const url = await serving({ message: (_: Connection, message: unknown) => received.push(message) } as never);
    await pipe(Buffer.from("\u00ff\u0000\r\nb\n", "latin1"), "--binary", "-x", "first", url, "--wait-ms=1");
    expect(received).toEqual(
      [Buffer.from("first"), Buffer.from([0xff, 0, 0x0d]), Buffer.from("b")].map((b) => new Uint8Array(b)),
    );
  });

  test("a line that is not UTF-8 ends it with 2, after those before it and their answers", async () => {
    const { echoUrl, process } = await startServe("--json");
    expect(await pipe(Buffer.from("a\n\u00ff\n", "latin1"), echoUrl)).toEqual({
      code: 2,
      stdout: "a\n",
      stderr: "halyard: line 2 of the input is not UTF-8; --binary sends lines as they are\n",
    });
    await process.find(/"message".*"text":"a"[^]*"closed".*"code":1000/);
  });

  test("closes once the reader of its output has gone", async () => {
    const url = await serving(async (connection) => {
      for (;;) await connection.send("x".repeat(1_000));
    });
    const process = HalyardProcess.start("connect", url);
    await process.find(/x/);
    process.hangUp();
    expect(await process.exitedAlone).toEqual({ code: 0, signal: null });
  });

  test.each([[[]], [["--json"]]])("ends with 1 when its output cannot be written: %j", async (flags) => {
    const { echoUrl } = await startServe();
    const process = HalyardProcess.startOnFullDisk("stdout", "connect", ...flags, echoUrl);
    process.endInput("hi\n");
    expect(await process.exited).toEqual({ code: 1, signal: null });
    expect(process.stderr).toMatch(/^halyard: cannot write the output: ENOSPC: .*\n$/);
  });
});

describe("the end of halyard connect", patience, () => {
  test("comes after --wait-ms without a message, once a pong has shown that the server has read all", async () => {
    const { program, peer } = await meetProgram("--wait-ms=100");
    program.type("hi\n");
    program.endInput();
    expect(await peer.hear()).toEqual({ text: "hi" });
    const ping = await peer.hear();
    expect(ping).toHaveProperty("ping");
    peer.send({ opcode: 0x1, payload: "one" }, { opcode: 0xa, payload: String(ping && "ping" in ping && ping.ping) });
    peer.say("two");
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    peer.raw.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe("one\ntwo\n");
  });

  test("does not wait for the pong for longer than --close-timeout-ms", async () => {
    const { program, peer } = await meetProgram("--wait-ms=1", "--close-timeout-ms=50");
    program.endInput();
    expect(await peer.hear()).toHaveProperty("ping");
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    peer.raw.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test("is the server's with --wait-ms 0", async () => {
    const url = await serving(async (connection) => {
      await connection.receive();
      await connection.ping();
      await connection.close(1000, "that was all");
    });
    expect(await pipe("hi\n", url, "--wait-ms", "0", "--json")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/"event":"closed","code":1000,"reason":"that was all","by":"peer"/) as unknown,
    });
  });

  test("comes with the first message under --once, however long that takes", async () => {
    const url = await serving(async (connection) => {
      await connection.ping();
      await connection.send("first");
      await connection.send("second");
      await connection.closed;
    });
    expect(await pipe("", url, "--once")).toEqual({ code: 0, stdout: "first\n", stderr: "" });
  });

  test("is 3 under --once when no message has come, in silence or before the server closed", async () => {
    const stderr = "halyard: the connection was closed before a message came\n";
    const mute = await serving((connection) => connection.closed);
    expect(await pipe("", mute, "--once", "--wait-ms=1")).toEqual({ code: 3, stdout: "", stderr });
    const short = await serving((connection) => connection.close());
    expect(await pipe("", short, "--once")).toEqual({ code: 3, stdout: "", stderr });
  });

  test("--execute sends the empty message, too", async () => {
    const { echoUrl } = await startServe();
    const { code, stdout } = await pipe("", "-x", "", "--execute=", echoUrl);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "\n\n" });
  });

  test("--execute sends before the input, in order", async () => {
    const { echoUrl } = await startServe();
    const { stdout } = await pipe("c\n", "-x", "a", "--execute=b", echoUrl);
    expect(stdout).toBe("a\nb\nc\n");
  });

  test.each([
    [1000, "bye", 0, ""],
    [1001, "", 0, ""],
    [
      1008,
      "too\nmuch",
      3,
      String.raw`halyard: the server closed the connection with 1008 (policy violation): too\nmuch` + "\n",
    ],
    [4401, "", 3, "halyard: the server closed the connection with 4401\n"],
  ])("after a close with %i %j of the server is %i", async (close, reason, code, stderr) => {
    const url = await serving((connection) => connection.close(close, reason));
    const process = HalyardProcess.start("connect", url); // its input stays open
    expect(await process.exited).toEqual({ code, signal: null });
    expect(process.stderr).toBe(stderr);
  });

  test("is 3 when the connection is lost", async () => {
    const url = await serving((connection) => connection.terminate());
    const { code, stderr } = await pipe("", url);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^halyard: the connection was lost: .+\n$/);
  });

  test("is 3 when the server breaks the protocol", async () => {
    const { program, peer } = await meetProgram();
    peer.send({ opcode: 0x3 });
    expect(await peer.leave()).toEqual([{ close: 1002, reason: "reserved-opcode" }]);
    expect(await program.exited).toEqual({ code: 3, signal: null });
    expect(program.stderr).toMatch(/^halyard: reserved-opcode: .+ \(RFC 6455 §5\.2, close code 1002\)\n$/);
  });

  test("is 3 when the server does not answer a ping of the schedule within --pong-timeout-ms", async () => {
    const { program, peer } = await meetProgram("--ping-interval-ms=20", "--pong-timeout-ms=20");
    expect(await peer.hear()).toHaveProperty("ping");
    await peer.leave();
    expect(await program.exited).toEqual({ code: 3, signal: null });
    expect(program.stderr).toMatch(/^halyard: .*pong.*\n$/);
  });

  test("is 0 after --idle-timeout-ms without a message", async () => {
    const { program, peer } = await meetProgram("--idle-timeout-ms=20");
    expect(await peer.hear()).toEqual({ close: 1001, reason: "idle-timeout" });
    peer.close(1001);
    peer.raw.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test("is 3 when a message is too big, and names the flag", async () => {
    const { echoUrl } = await startServe();
    const { code, stderr } = await pipe("123456\n", "--max-message-bytes=5", echoUrl);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^halyard: .*-too-big: .*; --max-(?:message|frame)-bytes allows more\n$/);
  });

  test("is 3 when the server does not answer the closing handshake", async () => {
    const { program, peer } = await meetProgram("--close-timeout-ms=50", "-x", "hi");
    expect(await peer.hear()).toEqual({ text: "hi" });
    program.signal("SIGTERM");
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    expect(await program.exited).toEqual({ code: 3, signal: null });
    expect(program.stderr).toMatch(/^halyard: the peer did not end the connection within closeTimeoutMs \(50\)\n$/);
  });
});

describe("a signal to halyard connect", patience, () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s closes with 1000 and ends with 0", async (signal) => {
    const closes: unknown[] = [];
    const url = await serving(async (connection) => {
      await connection.send("hello");
      closes.push(await connection.closed);
    });
    const process = HalyardProcess.start("connect", url);
    await process.find(/hello/);
    process.signal(signal);
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(closes).toMatchObject([{ code: 1000, by: "peer", clean: true }]);
  });

  test("before the connection is open ends with the signal's exit code, and says nothing", async () => {
    const server = await RawServer.start();
    const program = HalyardProcess.start("connect", server.url);
    await server.visitor();
    program.signal("SIGINT");
    expect(await program.exited).toEqual({ code: 130, signal: null });
    expect(program.stderr + program.stdout).toBe("");
  });
});

describe("the request of halyard connect", patience, () => {
  /** The headers that a server gets, and what it then says. */
  async function headersOf(...flags: string[]): Promise<IncomingHttpHeaders> {
    let headers: IncomingHttpHeaders = {};
    const server = await listening<unknown>({
      subprotocols: ["b"],
      checkOrigin: "any",
      authorize: (request) => {
        headers = request.headers;
        return undefined;
      },
      routes: { "/": (connection) => connection.send(connection.subprotocol).then(() => connection.close()) },
    });
    const { stdout, code } = await pipe("", ...flags, `ws://127.0.0.1:${server.port}/`);
    expect(code).toBe(0);
    expect(stdout).toBe(flags.includes("b") ? "b\n" : "\n");
    return headers;
  }

  test("has the headers of --header, repeated ones too, and the origin", async () => {
    const headers = await headersOf("-H", "X-A:1", "--header=X-A: 2 ", "-H", "X-B: a: b", "-o", "https://example.com");
    expect(headers).toMatchObject({ "x-a": "1, 2", "x-b": "a: b", origin: "https://example.com" });
  });

  test("offers subprotocols in their order", async () => {
    expect(await headersOf("-s", "a", "--subprotocol", "b")).toMatchObject({ "sec-websocket-protocol": "a, b" });
  });

  test("has the credentials of --auth", async () => {
    const { authorization } = await headersOf("--auth", "Ada:pass:wörd");
    expect(authorization).toBe(`Basic ${Buffer.from("Ada:pass:wörd").toString("base64")}`);
  });
});

test("--compression compresses what the server agrees to, and is told of", patience, async () => {
  const line = "x".repeat(10_000);
  for (const flags of [[], ["--compression"]]) {
    const { echoUrl } = await startServe(...flags);
    const { stdout } = await pipe(`${line}\n`, "--json", "--compression", "--wait-ms=1", echoUrl);
    const [connected, , message] = eventsOf(stdout);
    expect(connected?.["extensions"]).toEqual(flags.length === 0 ? "" : expect.stringMatching(/^permessage-deflate\b/));
    expect(message).toMatchObject({ event: "message", data: line });
  }
});

describe("halyard connect --json", patience, () => {
  test("prints one object per line for all that happens", async () => {
    const { echoUrl } = await startServe();
    const { code, stdout, stderr } = await pipe("hi\u202e\n", "--json", echoUrl);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(eventsOf(stdout)).toEqual([
      {
        level: "info",
        event: "connected",
        url: echoUrl,
        remote: expect.stringMatching(/^(?:\[::1\]|127\.0\.0\.1):\d+$/) as unknown,
        httpVersion: "1.1",
        subprotocol: "",
        extensions: "",
      },
      { level: "info", event: "sent", type: "text", bytes: 5, data: "hi\u202e" },
      { level: "info", event: "message", type: "text", bytes: 5, data: "hi\u202e" },
      { level: "info", event: "closed", code: 1000, reason: "", by: "us", clean: true },
    ]);
  });

  test("gives bytes in base64, and only messages under --quiet", async () => {
    const { echoUrl } = await startServe();
    const { stdout } = await pipe("\u00ff\n", "--json", "--quiet", "--binary", echoUrl);
    expect(eventsOf(stdout)).toEqual([{ level: "info", event: "message", type: "binary", bytes: 2, data: "w78=" }]);
  });

  test("tells what went wrong by a code, beside the line on stderr", async () => {
    const url = await serving((connection) => connection.close(4000, "no"));
    const ended = await pipe("", "--json", url);
    expect(eventsOf(ended.stdout).slice(1)).toEqual([
      { level: "info", event: "closed", code: 4000, reason: "no", by: "peer", clean: true },
      {
        level: "error",
        event: "error",
        code: "ended",
        message: "the server closed the connection with 4000: no",
      },
    ]);
    expect(ended).toMatchObject({ code: 3, stderr: "halyard: the server closed the connection with 4000: no\n" });

    const refused = await pipe("", "--json", "ws://127.0.0.1:1/");
    expect(eventsOf(refused.stdout)).toMatchObject([{ level: "error", event: "error", code: "connection-refused" }]);
    expect(refused.code).toBe(1);
  });
});

describe("halyard connect that cannot connect ends with 1 and one line on stderr", patience, () => {
  test("when nobody listens", async () => {
    const { code, stdout, stderr } = await pipe("hi\n", "ws://127.0.0.1:1/");
    expect(stderr).toMatch(/^halyard: could not connect to ws:\/\/127\.0\.0\.1:1\/: nobody listens there.*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  test("when it is refused, with the status and the server's words", async () => {
    const server = await listening<unknown>({
      authorize: () => refuse(401, { body: "Log in first\u001b[2J\nand more\n" }),
      routes: { "/": () => {} },
    });
    const { code, stderr } = await pipe("", `ws://user:secret@127.0.0.1:${server.port}/?token=secret`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^halyard: could not connect to .*: .*401 .*\(Log in first\\x1b\[2J\); check the path, .*--auth.*\n$/,
    );
    expect(stderr).not.toContain("secret");
  });

  test("when the server does not answer within --timeout-ms", async () => {
    const server = await RawServer.start();
    const program = HalyardProcess.start("connect", server.url, "--timeout-ms=50");
    expect(await program.exited).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/^halyard: could not connect to .*; try again later, or raise --timeout-ms\n$/);
  });

  test("when a file cannot be read", async () => {
    const { code, stderr } = await pipe("", "--ca=missing.pem", "wss://127.0.0.1:1/");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^halyard: cannot read the file of --ca: ENOENT.*missing\.pem.*\n$/);
  });

  test("when the history cannot be read, before it connects", async () => {
    const { code, stderr } = await pipe("", `--history=${tmpdir()}`, "ws://127.0.0.1:1/");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^halyard: cannot read the file of --history: EISDIR.*\n$/);
  });

  test("when a file holds no certificate", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "halyard-")), "ca.pem");
    await writeFile(file, "not a certificate\n");
    const { code, stderr } = await pipe("", `--ca=${file}`, "wss://127.0.0.1:1/");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^halyard: \S+ca\.pem holds no certificate in PEM: .+\n$/);
  });
});

describe("a wrong command line of halyard connect ends with 2 and one line on stderr", patience, () => {
  const url = "ws://127.0.0.1:1/";

  test.each([
    [[], "connect to what? halyard connect ws://localhost:8080/echo"],
    [["localhost:8080"], "a URL begins with ws:// or wss://"],
    [["ftp://localhost/"], 'url has the scheme "ftp:"; it takes ws, wss, http, https or ws+unix'],
    [["ws://[::"], "url cannot be parsed; it looks like wss://example.com/path"],
    [[url, "more"], 'unexpected argument "more"'],
    [[url, "--subprotocl=a"], "unknown flag --subprotocl; did you mean --subprotocol?"],
    [[url, "-x"], "--execute needs a value: MESSAGE"],
    [[url, "--header"], '--header needs a value: "NAME: VALUE"'],
    [[url, "-H", "secret"], '--header takes "NAME: VALUE", with a colon behind the name'],
    [[url, "-H", "Upgrade: a"], "option headers may not set the header Upgrade: the handshake does"],
    [[url, "--auth", "secret"], "--auth takes USER:PASSWORD, with a colon"],
    [
      [url, "--auth=a:b", "-H", "authorization: c"],
      "--auth and --header Authorization say the same thing; give one of them",
    ],
    [[url, "--cert=a"], "--cert needs --key"],
    [[url, "--key=a"], "--key needs --cert"],
    [[url, "--wait-ms=-1"], '--wait-ms takes a whole number from 0 to 2147483647, not "-1"'],
    [[url, "-s", "a b"], 'option subprotocols got "a b"; a subprotocol is a token (RFC 6455 §4.1)'],
  ])("%j", async (args, why) => {
    expect(await pipe("", ...args)).toEqual({ code: 2, stdout: "", stderr: `halyard: ${why}\n` });
  });

  test("--help lists the flags and the exit codes, in 100 columns", async () => {
    const { code, stdout, stderr } = await pipe("", "--help");
    expect(stdout).toMatch(/^ {2}-H, --header "NAME: VALUE" {2,}\S/m);
    expect(stdout).toMatch(/^Exit status: 0 .* 1 .* 2 .*\b3\b/m);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});
