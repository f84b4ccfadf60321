import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, beforeEach, describe, expect, type MockInstance, onTestFinished, test, vi } from "vitest";
import { start as startStep1 } from "../../examples/tutorial/src/1-http-server.js";
import { start as startStep2 } from "../../examples/tutorial/src/2-upgrade.js";
import { start as startStep3 } from "../../examples/tutorial/src/3-messages.js";
import { start as startStep4 } from "../../examples/tutorial/src/4-close.js";
import { start as startStep5 } from "../../examples/tutorial/src/5-serve.js";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess } from "../support/halyard-process.js";
import { masked, RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";

let log: MockInstance<typeof console.log>;

beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => {});
});

/** What the server has printed, with `PORT` for the ports of peers. */
function printed(): string[] {
  return log.mock.calls.map(([line]) => String(line).replace(/^(\[::1\]|127\.0\.0\.1):\d+/, "ADDRESS"));
}

/** Runs one of the first three steps until the test is over, and returns its port. */
async function run(start: (port: number) => Promise<Server>): Promise<number> {
  const http = await start(0);
  onTestFinished(async () => {
    const closed = once(http, "close");
    http.close();
    http.closeAllConnections();
    await closed;
  });
  return (http.address() as AddressInfo).port;
}

/** Runs one of the last two steps until the test is over at the latest. */
async function runClosable<S extends { close(): Promise<unknown> }>(starting: Promise<S>): Promise<S> {
  const server = await starting;
  onTestFinished(() => void server.close());
  return server;
}

test("step 1 answers every request with a welcome", async () => {
  const port = await run(startStep1);
  for (const path of ["/", "/anything?at=all"]) {
    const response = await fetch(`http://localhost:${port}${path}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("Welcome to the server!\n");
  }
});

describe("step 2", () => {
  test("opens a WebSocket for whoever asks, prints who it is, and still answers plain HTTP", async () => {
    const port = await run(startStep2);
    await EchoPeer.connect(`ws://localhost:${port}/`);
    await vi.waitFor(() => expect(printed()).toEqual(["ADDRESS connected"]));
    const response = await fetch(`http://localhost:${port}/`);
    expect(await response.text()).toBe("Welcome to the server!\n");
  });

  test("refuses a page of another origin", async () => {
    const port = await run(startStep2);
    expect(await EchoPeer.refusedStatus(`ws://localhost:${port}/`, { origin: "https://another.example" })).toBe(403);
    expect(printed()).toEqual([]);
  });
});

/** What steps 3 to 5 have in common. */
describe.each([
  ["step 3", run.bind(undefined, startStep3)],
  ["step 4", async () => (await runClosable(startStep4(0))).port],
  ["step 5", async () => (await runClosable(startStep5(0))).port],
])("%s", (_, start) => {
  test("serves the page at / and nothing elsewhere", async () => {
    const port = await start();
    const response = await fetch(`http://localhost:${port}/`);
    expect(response.headers.get("content-type")).toMatch(/^text\/html; ?charset=utf-8$/);
    const page = await response.text();
    expect(page).toContain("Welcome to the server!");
    for (const id of ["input", "output"]) expect(page).toContain(`id="${id}"`);
    const elsewhere = await fetch(`http://localhost:${port}/elsewhere`);
    expect(elsewhere.status).toBe(404);
    await elsewhere.text();
    expect(await EchoPeer.refusedStatus(`ws://localhost:${port}/elsewhere`)).toBe(404);
  });

  test("prints `ADDRESS sent: MESSAGE` and answers with the same message", async () => {
    const peer = await EchoPeer.connect(`ws://localhost:${await start()}/echo`);
    for (const message of ["hello", "", "你好 ⚓", Buffer.from([0, 255]), "\u001b[2J\nfake"]) {
      expect(await peer.echo(message)).toEqual(message);
    }
    expect(printed()).toEqual([
      "ADDRESS sent: hello",
      "ADDRESS sent: ",
      "ADDRESS sent: 你好 ⚓",
      "ADDRESS sent: 2 bytes",
      "ADDRESS sent: �[2J�fake",
    ]);
  });

  test("takes a message of 1 MiB, and ends a peer that sends more with 1009", async () => {
    const peer = await EchoPeer.connect(`ws://localhost:${await start()}/echo`);
    const largest = "x".repeat(1024 * 1024);
    expect(await peer.echo(largest)).toBe(largest);
    peer.send(`${largest}x`);
    expect(await peer.closed).toMatchObject({ code: 1009 });
  });

  test("goes on when a peer vanishes in the middle of a message", async () => {
    const port = await start();
    const gone = await RawPeer.join(port, { path: "/echo" });
    gone.say("hello");
    expect(await gone.hear()).toEqual({ text: "hello" });
    gone.raw.write(masked({ opcode: 0x1, payload: "hello" }).subarray(0, 8));
    gone.raw.reset();
    const peer = await EchoPeer.connect(`ws://localhost:${port}/echo`);
    expect(await peer.echo("hello")).toBe("hello");
  });
});

describe("step 4", () => {
  test("prints how a connection ended: by the peer's close frame", async () => {
    const { port } = await runClosable(startStep4(0));
    const peer = await EchoPeer.connect(`ws://localhost:${port}/echo`);
    peer.socket.close(1000, "I am\tdone");
    expect(await peer.closed).toMatchObject({ code: 1000 });
    await vi.waitFor(() => expect(printed()).toEqual(["ADDRESS closed by peer (clean): 1000 I am�done"]));
  });

  test("prints how a connection ended: by ours, after bye", async () => {
    const { port } = await runClosable(startStep4(0));
    const peer = await EchoPeer.connect(`ws://localhost:${port}/echo`);
    peer.send("bye");
    expect(await peer.closed).toEqual({ code: 1000, reason: "See you soon" });
    await vi.waitFor(() => {
      expect(printed()).toEqual(["ADDRESS sent: bye", "ADDRESS closed by us (clean): 1000 See you soon"]);
    });
  });

  test("prints how a connection ended: by none, for the peer vanished", async () => {
    const { port } = await runClosable(startStep4(0));
    const peer = await RawPeer.join(port, { path: "/echo" });
    peer.raw.reset();
    await vi.waitFor(() => expect(printed()).toEqual(["ADDRESS closed by peer (not clean): 1006 "]));
  });

  test("cuts off a peer that answers no ping, and no other", async () => {
    const { port } = await runClosable(startStep4(0, 500));
    const alive = await EchoPeer.connect(`ws://localhost:${port}/echo`);
    const mute = await RawPeer.join(port, { path: "/echo" });
    expect((await mute.hearAll()).map((said) => Object.keys(said))).toEqual([["ping"]]);
    await vi.waitFor(() => expect(printed()).toEqual(["ADDRESS closed by us (not clean): 1006 "]));
    expect(await alive.echo("hello")).toBe("hello");
  });

  test("stops: everybody gets 1001 and the reason, and a spare connection of a browser is no hindrance", async () => {
    const server = await runClosable(startStep4(0));
    const spare = await RawSocket.connect(server.port);
    const peer = await EchoPeer.connect(`ws://localhost:${server.port}/echo`);
    expect(await server.close()).toEqual({ closed: 1, terminated: 0 });
    expect(await peer.closed).toEqual({ code: 1001, reason: "The server is stopping" });
    expect(await spare.rest()).toBe("");
    await expect(RawSocket.connect(server.port)).rejects.toThrow("ECONNREFUSED");
  });
});

test("step 5 speaks https and wss with a certificate", async () => {
  const { cert, key } = await createSelfSigned(undefined);
  const { url, port } = await runClosable(startStep5(0, { cert, key }));
  expect(url).toBe(`https://localhost:${port}/`);
  const peer = await EchoPeer.connect(`wss://localhost:${port}/echo`, { ca: cert });
  expect(await peer.echo("hello")).toBe("hello");
});

describe("compiled and run as the tutorial says", () => {
  beforeAll(() => {
    execFileSync("npx", ["tsc", "-p", "examples/tutorial"], { stdio: "inherit" });
  }, 60_000);

  function runCompiled(step: string): HalyardProcess {
    const args = [`examples/tutorial/dist/${step}.js`];
    return HalyardProcess.of(spawn(process.execPath, args, { env: { ...process.env, PORT: "0" } }));
  }

  test.each(["1-http-server", "2-upgrade", "3-messages"])("%s listens until Ctrl-C", async (step) => {
    const program = runCompiled(step);
    await program.find(/^Open http:\/\/localhost:\d+\/$/m);
    program.signal("SIGINT");
    expect(await program.exited).toEqual({ code: null, signal: "SIGINT" });
    expect(program.stderr).toBe("");
  });

  test.each(["4-close", "5-serve"])("%s says goodbye on Ctrl-C and ends with status 0", async (step) => {
    const program = runCompiled(step);
    const [, port = ""] = await program.find(/^Open http:\/\/localhost:(\d+)\/$/m);
    const peer = await EchoPeer.connect(`ws://localhost:${port}/echo`);
    expect(await peer.echo("hello")).toBe("hello");
    program.signal("SIGINT");
    expect(await peer.closed).toEqual({ code: 1001, reason: "The server is stopping" });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/^(?:\[::1\]|127\.0\.0\.1):\d+ sent: hello$/m);
    expect(program.stderr).toBe("");
  });
});
