import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type Connection, connect } from "halyard/client";
import { describe, expect, onTestFinished, test } from "vitest";
import { compileProgram } from "../examples/program.js";
import { EchoPeer } from "../support/echo-peer.js";
import { type ProgramStart, isAlive, untilGone, WorkersProgram } from "../support/workers-program.js";

/** Each test starts three processes or more, on a machine that may be busy. */
const patience = { timeout: 60_000 };

function start(options?: ProgramStart): WorkersProgram {
  const file = compileProgram("test/package/workers.fixture.ts", "workers");
  const program = WorkersProgram.start(file, options);
  onTestFinished(() => {
    for (const pid of startedBy(program)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
  return program;
}

/** The workers that the program has started, whether they have listened or not. */
function startedBy(program: WorkersProgram): number[] {
  return program.said.flatMap(({ started }) => (started === undefined ? [] : [Number(started)]));
}

describe("serve({ workers })", patience, () => {
  test("listens in the workers, on one port, and not in the primary", async () => {
    const program = start();
    const port = await program.port();
    await program.workers(2);
    const servers = program.said.filter(({ role }) => role !== undefined);
    const url = `http://127.0.0.1:${port}/`;
    expect(servers).toHaveLength(3);
    for (const { role, ...server } of servers) {
      expect(server).toMatchObject({ url, port, isListening: role === "worker" });
    }
    expect(servers.filter(({ role }) => role === "primary")).toHaveLength(1);
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(3);
  });

  test("serves from every worker in turn, and echoes through each", async () => {
    const program = start();
    const peers = await program.peersOfAll("/pid", 2);
    expect(peers).toHaveLength(2);
    expect(new Set(peers.map(({ pid }) => pid))).toEqual(new Set(await program.workers(2)));
    for (const { peer } of peers) {
      expect(await peer.echo("hello")).toBe("hello");
      expect(await peer.echo(Buffer.from([0, 255]))).toEqual(Buffer.from([0, 255]));
    }
  });

  test("publishes to the subscribers in every worker, text and binary, in order, and not to who said it", async () => {
    const program = start({ args: ["0", "3"] });
    const peers = await program.peersOfAll("/news", 3);
    const [speaker, ...listeners] = peers.map(({ peer }) => peer);
    const messages = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0 ? `message ${i} ⚓` : Buffer.from([i, 0, 255]),
    );
    for (const message of messages) speaker?.send(message);
    speaker?.send("done");
    for (const listener of listeners) {
      for (const message of [...messages, "done"]) expect(await listener.receive()).toEqual(message);
    }
    expect(await speaker?.receive()).toBe("0 in this process");
  });

  test("publishes from the primary too", async () => {
    const program = start();
    const peers = await program.peersOfAll("/news", 2);
    program.process.signal("SIGUSR2");
    for (const { peer } of peers) expect(await peer.receive()).toBe("from the primary");
  });

  test("takes HTTP/2 in every worker, all streams of a session in one, publishes across and drains", async () => {
    const program = start();
    const url = `ws://127.0.0.1:${await program.port()}/news`;
    const connections: Connection[] = [];
    const pids = new Set<unknown>();
    while (pids.size < 2) {
      const dial = ({ port }: URL) => connectTcp(Number(port), "127.0.0.1"); // another function: another session
      const streams = await Promise.all([1, 2].map(async () => await connect(url, { http2: true, dial })));
      const [pid, samePid] = await Promise.all(streams.map(async (stream) => await stream.receive()));
      expect(samePid).toBe(pid);
      pids.add(pid);
      connections.push(...streams);
    }
    expect(connections.map(({ httpVersion }) => httpVersion)).toEqual(connections.map(() => "2.0"));
    const [speaker, ...listeners] = connections;
    await speaker?.send("news");
    for (const listener of listeners) expect(await listener.receive()).toBe("news");
    program.process.signal("SIGINT");
    for (const { closed } of connections) {
      expect(await closed).toMatchObject({ code: 1012, reason: "new version", by: "peer", clean: true });
    }
    const [report] = await program.hear("report");
    expect(report).toEqual({ closed: connections.length, terminated: 0 });
  });

  test("gives each worker its share of the memory for queued bytes", async () => {
    // Half of eight MiB is for all; a peer of one of two workers that does not read may hold two.
    const smallMachine = `import os from "node:os"; import { syncBuiltinESMExports } from "node:module";
      os.totalmem = () => 8 * 1024 * 1024; process.constrainedMemory = () => 0; syncBuiltinESMExports();`;
    const program = start({ execArgs: ["--import", `data:text/javascript,${encodeURIComponent(smallMachine)}`] });
    const peer = await EchoPeer.connect(`ws://127.0.0.1:${await program.port()}/flood`);
    peer.socket.pause();
    const [error] = await program.hear("error");
    expect(error).toMatchObject({ code: "budget-exceeded" });
    expect(error).toHaveProperty("message", expect.stringContaining(`more than ${2 * 1024 * 1024} bytes`));
  });
});

describe("a worker that ends unasked", patience, () => {
  test("is reported and replaced, while the connections of the others live on", async () => {
    const program = start();
    const [victim, other] = await program.peersOfAll("/news", 2);
    process.kill(victim!.pid, "SIGKILL");
    const [error] = await program.hear("error");
    expect(error).toMatchObject({ code: "ended", pid: victim!.pid, signal: "SIGKILL" });
    expect((await victim!.peer.closed).code).toBe(1006);
    await program.workers(3);
    const heirs = await program.peersOfAll("/news", 2);
    const heir = heirs.find(({ pid }) => pid !== other!.pid);
    expect([victim!.pid, other!.pid]).not.toContain(heir?.pid);
    other!.peer.send("done");
    expect(await heir?.peer.receive()).toBe("done");
  });

  test("loses no client that was on its way to it: another worker answers", async () => {
    const program = start();
    const [stopped = 0] = await program.workers(2);
    const url = `ws://127.0.0.1:${await program.port()}/pid`;
    process.kill(stopped, "SIGSTOP");
    const peers = [EchoPeer.connect(url), EchoPeer.connect(url)]; // one for each worker
    await Promise.race(peers);
    process.kill(stopped, "SIGKILL");
    for (const peer of await Promise.all(peers)) expect(Number(await peer.receive())).not.toBe(stopped);
  });

  test("all of them: who was on the way is told at once", async () => {
    const program = start();
    const victims = await program.workers(2);
    const port = await program.port();
    for (const pid of victims) process.kill(pid, "SIGSTOP");
    const clients = Array.from({ length: 4 }, () => connectTcp(port, "127.0.0.1"));
    for (const client of clients) client.resume().on("error", () => {}); // a reset, or an end
    await Promise.all(clients.map((client) => once(client, "connect")));
    await setTimeout(200); // the primary has handed them over, or keeps them until a worker takes one
    for (const pid of victims) process.kill(pid, "SIGKILL");
    await Promise.all(clients.map((client) => once(client, "close")));
  });

  test("all of them: the server comes back on its port", async () => {
    const program = start();
    const port = await program.port();
    const victims = await program.workers(2);
    for (const pid of victims) process.kill(pid, "SIGKILL");
    const workers = await program.workers(4);
    const peers = await program.peersOfAll("/pid", 2);
    for (const { pid } of peers) expect(victims).not.toContain(pid);
    expect(program.said.filter(({ role }) => role === "worker").map((each) => each["port"])).toEqual(
      workers.map(() => port),
    );
  });
});

describe("a start that fails", patience, () => {
  test.each([
    ["throws", /worker 2 \(process \d+\) ended with exit code 1 before it listened; what it printed says why/],
    ["ends", /worker 2 \(process \d+\) ended with exit code 0 before it listened; its script must call serve\(\)/],
  ])("because a worker %s makes serve() reject, and leaves no process", async (mishap, message) => {
    const program = start({ mishap });
    expect(await program.process.exited).toEqual({ code: 1, signal: null });
    expect(program.process.stderr).toMatch(message);
    expect(program.process.stderr).toContain("code: 'start-failed'");
    await untilGone(startedBy(program));
    expect(program.said.filter(({ role }) => role === "primary")).toEqual([]);
  });

  test("because the port is taken makes serve() reject with that, once", async () => {
    const port = await start().port();
    const second = start({ args: [String(port)] });
    expect(await second.process.exited).toEqual({ code: 1, signal: null });
    expect(second.process.stderr).toContain("code: 'EADDRINUSE'");
    expect(second.process.stderr.match(/^WorkerError: /gm)).toHaveLength(1);
    await untilGone(startedBy(second));
  });
});

describe("server.close() in the primary", patience, () => {
  test("closes the connections of all workers as it is told, sums the reports, and waits for the processes", async () => {
    const program = start();
    const workers = await program.workers(2);
    const peers = [...(await program.peersOfAll("/pid", 2)), ...(await program.peersOfAll("/pid", 2))];
    program.process.signal("SIGINT");
    for (const { peer } of peers) expect(await peer.closed).toEqual({ code: 1012, reason: "new version" });
    expect(await program.hear("report")).toEqual([{ closed: peers.length, terminated: 0 }]);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(await program.process.exited).toEqual({ code: 0, signal: null });
    expect(startedBy(program)).toHaveLength(2); // nobody was replaced
    expect(program.process.stderr).toBe("");
  });

  test("counts as terminated what does not answer, and kills a worker whose program goes on", async () => {
    const program = start({ mishap: "lingers" });
    const workers = await program.workers(2);
    const [first, second] = await program.peersOfAll("/pid", 2);
    first!.peer.socket.pause();
    program.process.signal("SIGINT");
    expect((await second!.peer.closed).code).toBe(1012);
    expect(await program.hear("report")).toEqual([{ closed: 1, terminated: 1 }]);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(await program.process.exited).toEqual({ code: 0, signal: null });
  });

  test("kills a worker that is stopped dead, whose connections nobody can count", async () => {
    const program = start();
    const [first] = await program.peersOfAll("/pid", 2);
    process.kill(first!.pid, "SIGSTOP");
    program.process.signal("SIGINT");
    expect(await program.hear("report")).toEqual([{ closed: 1, terminated: 0 }]);
    expect(isAlive(first!.pid)).toBe(false);
    expect(await program.process.exited).toEqual({ code: 0, signal: null });
  });
});

describe("a signal", patience, () => {
  test("SIGTERM to one worker drains and replaces it", async () => {
    const program = start();
    const [leaver, other] = await program.peersOfAll("/pid", 2);
    process.kill(leaver!.pid, "SIGTERM");
    expect(await leaver!.peer.closed).toEqual({ code: 1001, reason: "" });
    await program.workers(3);
    await untilGone([leaver!.pid]);
    expect(await other!.peer.echo("still here")).toBe("still here");
    expect(program.said.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test("SIGINT to every process, as Ctrl-C sends it, is the primary's to answer", async () => {
    const program = start();
    const peers = await program.peersOfAll("/pid", 2);
    for (const pid of await program.workers(2)) process.kill(pid, "SIGINT");
    program.process.signal("SIGINT");
    for (const { peer } of peers) expect(await peer.closed).toEqual({ code: 1012, reason: "new version" });
    expect(await program.hear("report")).toEqual([{ closed: 2, terminated: 0 }]);
    expect(startedBy(program)).toHaveLength(2);
  });

  test("SIGKILL to the primary: the workers close their connections with 1001 and end, whatever their program does", async () => {
    const program = start({ mishap: "lingers" });
    const peers = await program.peersOfAll("/pid", 2);
    const workers = await program.workers(2);
    program.process.signal("SIGKILL");
    for (const { peer } of peers) expect(await peer.closed).toEqual({ code: 1001, reason: "" });
    await untilGone(workers);
  });
});
