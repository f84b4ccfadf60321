import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { TimerWheel } from "../../../src/connection/index.js";
import { resolveServerCloseOptions } from "../../../src/server/server-close.js";
import type { FromWorker, ToWorker } from "../../../src/server/workers/worker-message.js";
import { WorkerPool } from "../../../src/server/workers/worker-pool.js";
import { FakeClock } from "../../support/fake-clock.js";
import { nextTurn } from "../../support/turns.js";

/** A worker without a process. */
class FakeWorker extends EventEmitter {
  readonly workerId: number;
  readonly port: number | undefined;
  readonly process: { readonly pid: number | undefined; kill(signal: string): void };
  readonly sent: ToWorker[] = [];
  signal: string | undefined;

  constructor(workerId: number, port: number | undefined, pid: number | undefined) {
    super();
    this.workerId = workerId;
    this.port = port;
    this.process = {
      pid,
      kill: (signal) => {
        this.signal = signal;
      },
    };
  }

  send(message: object): void {
    this.sent.push((message as { halyard: ToWorker }).halyard);
  }

  say(halyard: FromWorker): void {
    this.emit("message", { halyard });
  }

  listen(port = 1234): void {
    this.say({ kind: "listening", url: `http://localhost:${port}/`, port });
  }

  end(exitCode: number | null, signal: string | null = null): void {
    this.emit("exit", exitCode, signal);
  }
}

function setUp({ count = 2, canFork = true } = {}) {
  const clock = new FakeClock();
  const workers: FakeWorker[] = [];
  const errors: Error[] = [];
  const delivered: unknown[] = [];
  const pool = new WorkerPool({
    count,
    fork: (workerId, port) => {
      const worker = new FakeWorker(workerId, port, canFork ? 100 : undefined);
      workers.push(worker);
      return worker;
    },
    report: (error) => errors.push(error),
    deliver: (publications) => delivered.push(...publications),
    timers: new TimerWheel(clock),
    nowMs: clock.nowMs,
  });
  return { clock, workers, errors, delivered, pool };
}

/** A pool whose workers all listen. */
async function serving(options?: { count?: number }) {
  const all = setUp(options);
  const started = all.pool.start();
  for (const worker of all.workers) worker.listen();
  await started;
  return all;
}

describe("WorkerPool starts", () => {
  test("when all workers listen, and tells where", async () => {
    const { pool, workers } = setUp({ count: 3 });
    const started = pool.start();
    expect(workers.map(({ workerId, port }) => [workerId, port])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ]);
    for (const worker of workers) worker.listen(4321);
    expect(await started).toMatchObject({ port: 4321, url: "http://localhost:4321/" });
  });

  test("or rejects when one ends, once the others have been killed and are gone", async () => {
    const { pool, workers } = setUp();
    const failure = pool.start().catch((error: unknown) => error);
    workers[0]?.listen();
    workers[1]?.end(3);
    expect(workers[0]?.signal).toBe("SIGKILL");
    const early = await Promise.race([failure, nextTurn().then(() => "not yet")]);
    expect(early).toBe("not yet");
    workers[0]?.end(null, "SIGKILL");
    expect(await failure).toMatchObject({ code: "start-failed", workerId: 2, exitCode: 3 });
  });

  test("or rejects with what kept one from listening as the cause", async () => {
    const { pool, workers } = setUp();
    const failure = pool.start().catch((error: unknown) => error);
    workers[1]?.say({ kind: "failed", message: "listen EADDRINUSE", code: "EADDRINUSE" });
    for (const worker of workers) worker.end(null, "SIGKILL");
    expect(await failure).toMatchObject({ code: "start-failed", cause: { code: "EADDRINUSE" } });
  });

  test("or rejects once, with the first, when several cannot listen for the same reason", async () => {
    const { pool, workers, errors } = setUp();
    const failure = pool.start().catch((error: unknown) => error);
    for (const worker of workers) worker.say({ kind: "failed", message: "listen EADDRINUSE", code: "EADDRINUSE" });
    for (const worker of workers) worker.end(null, "SIGKILL");
    expect(await failure).toMatchObject({ code: "start-failed", workerId: 1 });
    expect(errors).toEqual([]);
  });

  test("or rejects when one does not listen within a minute, and is killed for it", async () => {
    const { clock, pool, workers } = setUp();
    const failure = pool.start().catch((error: unknown) => error);
    workers[0]?.listen();
    clock.advance(59_000);
    expect(workers[1]?.signal).toBeUndefined();
    clock.advance(1_100);
    expect(workers.map(({ signal }) => signal)).toEqual([undefined, "SIGKILL"]);
    for (const worker of workers.toReversed()) worker.end(null, "SIGKILL");
    expect(await failure).toMatchObject({
      code: "start-failed",
      workerId: 2,
      signal: "SIGKILL",
      message: expect.stringContaining("did not listen within 60 seconds") as string,
    });
  });

  test("or rejects when the system starts no process", async () => {
    const { pool, workers } = setUp({ count: 1, canFork: false });
    const failure = pool.start().catch((error: unknown) => error);
    workers[0]?.emit("error", new Error("spawn EAGAIN"));
    expect(await failure).toMatchObject({ message: expect.stringContaining("could not be started") as string });
  });
});

describe("WorkerPool replaces a worker that ends", () => {
  test("soon where it has lived for a while, in the same place, and says why it ended", async () => {
    const { clock, workers, errors } = await serving();
    clock.advance(60_000);
    workers[1]?.end(null, "SIGSEGV");
    expect(errors).toMatchObject([{ code: "ended", workerId: 2, signal: "SIGSEGV", pid: 100 }]);
    clock.advance(200);
    expect(workers).toHaveLength(3);
    expect(workers[2]?.workerId).toBe(2);
  });

  test("by another again where the first does not listen within a minute", async () => {
    const { clock, workers, errors } = await serving();
    workers[1]?.end(1);
    clock.advance(300);
    errors.length = 0;
    clock.advance(60_100);
    expect(workers.map(({ signal }) => signal)).toEqual([undefined, undefined, "SIGKILL"]);
    workers[2]?.end(null, "SIGKILL");
    expect(errors).toMatchObject([{ code: "start-failed", workerId: 2, signal: "SIGKILL" }]);
    clock.advance(200);
    expect(workers).toHaveLength(4);
  });

  test("ever later where they end soon after their start, up to 30 seconds", async () => {
    const { clock, workers } = await serving();
    for (const delayMs of [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]) {
      const before = workers.length;
      workers.at(-1)?.end(1);
      clock.advance(delayMs - 100);
      expect(workers).toHaveLength(before);
      clock.advance(300);
      expect(workers).toHaveLength(before + 1);
    }
  });

  test("as soon as it begins to close by itself, and is not told of when it then ends", async () => {
    const { clock, workers, errors } = await serving();
    workers[0]?.say({ kind: "leave" });
    expect(workers[0]?.sent).toEqual([{ kind: "close", options: resolveServerCloseOptions({}) }]);
    workers[0]?.say({ kind: "closing", connections: 1, deadlineMs: 10_000 });
    clock.advance(400);
    expect(workers.map(({ workerId }) => workerId)).toEqual([1, 2, 1]);
    workers[0]?.say({ kind: "closed", report: { closed: 1, terminated: 0 } });
    workers[0]?.end(0);
    clock.advance(60_000);
    expect(workers).toHaveLength(3);
    expect(errors).toEqual([]);
  });

  test("once, where it ends before it has closed its connections, which is reported", async () => {
    const { clock, workers, errors } = await serving();
    clock.advance(60_000);
    workers[0]?.say({ kind: "closing", connections: 1, deadlineMs: 1_000 });
    clock.advance(200);
    expect(workers).toHaveLength(3);
    workers[2]?.listen();
    clock.advance(3_000);
    expect(workers[0]?.signal).toBe("SIGKILL");
    workers[0]?.end(null, "SIGKILL");
    clock.advance(60_000);
    expect(workers).toHaveLength(3);
    expect(errors).toMatchObject([{ code: "ended", workerId: 1, signal: "SIGKILL" }]);
    expect(errors[0]?.message).toContain("before it had closed its connections");
  });

  test("at the port that the kernel had chosen, where nobody else has kept it", async () => {
    const { clock, workers } = await serving();
    workers[0]?.end(1);
    clock.advance(400);
    expect(workers[2]?.port).toBe(undefined); // the other worker keeps it
    workers[1]?.end(1);
    clock.advance(400);
    expect(workers[3]?.port).toBe(1234);
    // The third was to share the second's port, which had gone before it listened.
    workers[2]?.listen(9999);
    expect(workers[2]?.signal).toBe("SIGKILL");
    workers[3]?.listen(1234);
    expect(workers[3]?.signal).toBe(undefined);
  });

  test("that cannot listen any more: it is killed, reported and tried again", async () => {
    const { clock, workers, errors } = await serving();
    workers[0]?.end(1);
    clock.advance(400);
    workers[2]?.say({ kind: "failed", message: "no files left", code: "EMFILE" });
    expect(workers[2]?.signal).toBe("SIGKILL");
    workers[2]?.end(null, "SIGKILL");
    clock.advance(600);
    expect(workers).toHaveLength(4);
    expect(errors.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("cannot listen: no files left"),
    );
  });
});

describe("WorkerPool closes", () => {
  const options = resolveServerCloseOptions({ code: 1012, reason: "new version", deadlineMs: 5_000 });

  test("all workers with the same options, and sums what they report, once they are gone", async () => {
    const { pool, workers, errors } = await serving();
    const closed = pool.close(options);
    for (const [i, worker] of workers.entries()) {
      expect(worker.sent).toEqual([{ kind: "close", options }]);
      worker.say({ kind: "closing", connections: 5, deadlineMs: 5_000 });
      worker.say({ kind: "closed", report: { closed: 3 + i, terminated: 2 - i } });
      worker.end(0);
    }
    expect(await closed).toEqual({ closed: 7, terminated: 3 });
    expect(errors).toEqual([]);
  });

  test("and kills two seconds after the deadline what is left, whose connections count as terminated", async () => {
    const { clock, pool, workers } = await serving();
    const closed = pool.close(options);
    workers[0]?.say({ kind: "closing", connections: 5, deadlineMs: 5_000 });
    clock.advance(6_900);
    expect(workers.map(({ signal }) => signal)).toEqual([undefined, undefined]);
    clock.advance(400);
    expect(workers.map(({ signal }) => signal)).toEqual(["SIGKILL", "SIGKILL"]);
    for (const worker of workers) worker.end(null, "SIGKILL");
    expect(await closed).toEqual({ closed: 0, terminated: 5 });
  });

  test("and kills two seconds after its report a worker whose program goes on", async () => {
    const { clock, pool, workers } = await serving({ count: 1 });
    void pool.close(options);
    workers[0]?.say({ kind: "closed", report: { closed: 0, terminated: 0 } });
    clock.advance(2_300);
    expect(workers[0]?.signal).toBe("SIGKILL");
  });

  test("and starts nobody meanwhile, and kills who was starting", async () => {
    const { clock, pool, workers } = await serving();
    workers[0]?.end(1);
    clock.advance(400);
    workers[1]?.end(1);
    const closed = pool.close(options);
    expect(workers[2]?.signal).toBe("SIGKILL");
    workers[2]?.end(null, "SIGKILL");
    expect(await closed).toEqual({ closed: 0, terminated: 0 });
    clock.advance(60_000);
    expect(workers).toHaveLength(3);
  });
});

describe("WorkerPool passes on what is published", () => {
  const publication = { topic: "news", message: "hello" };

  test("to every other worker, and to the primary", async () => {
    const { workers, delivered } = await serving({ count: 3 });
    workers[1]?.say({ kind: "publications", publications: [publication] });
    await nextTurn();
    expect(workers.map(({ sent }) => sent)).toEqual([
      [{ kind: "publications", publications: [publication] }],
      [],
      [{ kind: "publications", publications: [publication] }],
    ]);
    expect(delivered).toEqual([publication]);
  });

  test("and drops it for one that does not read, which is reported once", async () => {
    const { workers, pool, errors } = await serving({ count: 1 });
    // This fake never says that it has taken anything.
    const large = { topic: "news", message: new Uint8Array(6 * 1024 * 1024) };
    for (let i = 0; i < 5; i++) pool.publish(large);
    await nextTurn();
    expect(workers[0]?.sent).toEqual([{ kind: "publications", publications: [large, large, large] }]);
    expect(errors).toMatchObject([{ code: "publications-dropped", workerId: 1 }]);
    expect(errors[0]?.message).toMatch(/busy, or more was published in one turn than may wait: /);
  });

  test("and not to one that does not listen yet, nor to messages of others", async () => {
    const { workers, pool, clock, delivered } = await serving({ count: 1 });
    workers[0]?.emit("message", "hello");
    workers[0]?.emit("message", { kind: "publications", publications: [publication] });
    workers[0]?.end(1);
    clock.advance(400);
    pool.publish(publication);
    await nextTurn();
    expect(workers[1]?.sent).toEqual([]);
    expect(delivered).toEqual([]);
  });
});
