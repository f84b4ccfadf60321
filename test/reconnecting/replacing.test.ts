import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReconnectingOptions } from "../../src/reconnecting/index.js";
import { type FakeSocket, settle, type Subject, World } from "./world.js";

const heartbeat = { intervalMs: 20_000, timeoutMs: 10_000 };

interface Silent {
  readonly world: World;
  readonly subject: Subject;
  readonly first: FakeSocket;
  readonly second: FakeSocket;
}

/** A socket whose heartbeat has just begun to open a second connection. */
async function silent(options: ReconnectingOptions = {}): Promise<Silent> {
  const world = new World();
  const subject = await world.opened({ heartbeat, ...options });
  await world.pass(20_000);
  const [first, second] = world.sockets as [FakeSocket, FakeSocket];
  return { world, subject, first, second };
}

describe("a heartbeat that asks nothing of the server", () => {
  test("opens a second connection after silence, and changes over to it with no gap", async () => {
    const { world, subject, first, second } = await silent();
    expect(world.sockets).toHaveLength(2);
    expect(subject.kinds).toEqual(["open"]);
    expect(subject.socket.send("to the first")).toBe("sent");
    second.open();
    expect(subject.kinds).toEqual(["open", "open"]);
    expect(first.closes).toEqual([[4900, "replaced"]]);
    expect(subject.socket.send("to the second")).toBe("sent");
    expect([first.sent, second.sent]).toEqual([["to the first"], ["to the second"]]);
    second.say("hello");
    expect(subject.messages).toEqual(["hello"]);
  });

  test("keeps the first where anything comes over it in time, whatever the second does", async () => {
    const { world, subject, first, second } = await silent();
    first.say("here I am");
    expect(second.closes).toEqual([[]]);
    second.open();
    second.say("too late");
    await world.pass(15_000);
    expect(subject.kinds).toEqual(["open"]);
    expect(subject.messages).toEqual(["here I am"]);
    await world.pass(5_000);
    expect(world.sockets).toHaveLength(3); // silence again, and the same again
  });

  test("still hears what the first says until it has closed, and takes an answered close for proof", async () => {
    const { world, subject, first, second } = await silent();
    subject.socket.send("a");
    second.open();
    first.say("last words");
    first.drop(4900);
    first.say("from the grave");
    expect(subject.messages).toEqual(["last words"]);
    expect(subject.losses).toEqual([]);
    expect(subject.kinds).toEqual(["open", "open"]);
    await world.pass(10_000);
    expect(subject.losses).toEqual([]);
  });

  test.each([
    ["is dead", undefined],
    ["closes with a code of its own, which crosses ours", 1000],
    ["drops", 1006],
  ])("tells what was given to the first as uncertain, where that %s", async (_, code) => {
    const { world, subject, first, second } = await silent();
    subject.socket.send("a");
    second.open();
    if (code !== undefined) first.drop(code);
    else await world.pass(2_999);
    expect(subject.losses).toHaveLength(code === undefined ? 0 : 1);
    await world.pass(1);
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["a"], omitted: 0 }]);
    expect(subject.state.kind).toBe("open");
    expect(world.timers).toBe(1);
  });

  // An answered close of ours is no proof where bytes of ours have stayed behind.
  test.each([1006, 4900])("sends over the second what had not left the first when it closed with %i", async (code) => {
    const { subject, first, second } = await silent();
    for (const message of ["left", "stayed"]) subject.socket.send(message);
    first.bufferedAmount = 6;
    second.open();
    first.drop(code);
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["left"], omitted: 0 }]);
    expect(second.sent).toEqual(["stayed"]);
  });

  test("waits for silence of the second, whatever the first still says", async () => {
    const { world, first, second } = await silent();
    second.open();
    await world.pass(2_000);
    first.say("last words");
    await world.pass(18_000);
    expect(world.sockets).toHaveLength(3);
  });

  test("gives the line up where no second connection can be had either", async () => {
    const { world, subject, first, second } = await silent();
    second.drop();
    await world.pass(9_000);
    expect(subject.state.kind).toBe("open");
    await world.pass(2_500);
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", attempt: 1, reason: { kind: "silent" } });
    expect(first.closes).toEqual([[]]);
  });

  test("tells a listener of the change before what waits goes out, as with every connection", async () => {
    const { subject, first, second } = await silent();
    first.readyState = 2;
    expect(subject.socket.send("waits")).toBe("queued");
    subject.socket.on("state", ({ kind }) => kind === "open" && subject.socket.send("log-in"));
    second.open();
    expect(second.sent).toEqual(["log-in", "waits"]);
  });

  test("asks for a fresh URL, as for any attempt", async () => {
    const world = new World();
    const asked: number[] = [];
    world.reconnecting({ heartbeat }, ({ attempt }) => `ws://test/${asked.push(attempt)}`);
    await settle();
    world.socket.open();
    await world.pass(20_000);
    expect(world.sockets.map(({ url }) => url)).toEqual(["ws://test/1", "ws://test/2"]);
    expect(asked).toEqual([1, 1]);
  });

  test.each(["visible", "online", "resume"] as const)("does so at once when the page is told: %s", async (event) => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    await world.pass(1_000);
    world.tell(event);
    await settle();
    expect(world.sockets).toHaveLength(2);
    expect(subject.kinds).toEqual(["open"]);
  });

  test("does so after a sleep, in place of a second connection that slept too", async () => {
    const { world, subject, second } = await silent();
    await world.sleep(3_600_000);
    expect(second.closes).toEqual([[]]);
    expect(world.sockets).toHaveLength(3);
    world.socket.open();
    expect(subject.kinds).toEqual(["open", "open"]);
  });

  test("gives the second up with the first: offline, on reconnect, on close, on abort", async () => {
    const abort = new AbortController();
    const ends: ((silence: Silent) => unknown)[] = [
      ({ world }) => world.tell("offline"),
      ({ subject }) => subject.socket.reconnect(),
      ({ subject }) => subject.socket.close(),
      () => abort.abort(),
    ];
    for (const end of ends) {
      const silence = await silent({ signal: abort.signal });
      end(silence);
      expect(silence.second.closes).toEqual([[]]);
      silence.second.open();
      expect(silence.subject.state.kind).not.toBe("open");
    }
  });

  test.each([1006, 1008, 4001])("goes on with the second where the first closes by itself, with %i", async (code) => {
    const { subject, first, second } = await silent();
    first.drop(code, "logged in elsewhere");
    expect(subject.state).toMatchObject({ kind: "connecting", attempt: 1, reason: { kind: "closed", code } });
    second.open();
    expect(subject.kinds).toEqual(["open", "connecting", "open"]);
  });

  test("takes a second that fails, after the first has closed, for a failed attempt", async () => {
    const { subject, first, second } = await silent();
    first.drop(1006);
    second.drop();
    expect(subject.state).toMatchObject({ kind: "waiting", attempt: 2, reason: { kind: "connect-failed" } });
  });

  test("tries again at once where the second has failed and the network is back", async () => {
    const { world, subject, second } = await silent();
    second.drop();
    world.tell("online");
    await settle();
    expect(world.sockets).toHaveLength(3);
    world.socket.open();
    expect(subject.kinds).toEqual(["open", "open"]);
  });

  test("is not put off by that: the line has its time from the first doubt", async () => {
    const { world, subject, second } = await silent();
    second.drop();
    for (let times = 0; times < 3; times++) {
      await world.pass(4_000);
      world.tell("visible");
    }
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "silent" } });
  });

  test("makes no failure of a line that lasted, because its connection is new", async () => {
    const world = new World();
    const asked: number[] = [];
    const subject = world.reconnecting(
      { heartbeat, maxAttempts: 3 },
      ({ attempt }) => `ws://test/${asked.push(attempt)}`,
    );
    await settle();
    for (let times = 0; times < 2; times++) {
      world.socket.drop();
      await world.pass(2_000);
    }
    world.socket.open();
    await world.pass(20_000);
    world.socket.open();
    await world.pass(1_000);
    world.socket.drop();
    expect(subject.state).toMatchObject({ kind: "waiting", attempt: 1, delayMs: 500 });
    expect(asked).toEqual([1, 2, 3, 1]);
  });

  describe("over a socket that closes within close()", () => {
    async function closing(): Promise<Silent> {
      const silence = await silent();
      const { first } = silence;
      first.close = (...args) => {
        first.closes.push(args);
        first.drop(1006);
      };
      return silence;
    }

    test.each(["close", "reconnect"] as const)("lets a listener of its loss %s", async (what) => {
      const { subject, second } = await closing();
      subject.socket.send("a");
      subject.socket.on("loss", () => void subject.socket[what]());
      second.open();
      expect(subject.kinds).toEqual(["open", "open", what === "close" ? "closing" : "connecting"]);
    });

    test("lets a log-in precede what waits", async () => {
      const { subject, first, second } = await closing();
      first.readyState = 2;
      subject.socket.send("waits");
      subject.socket.on("state", ({ kind }) => kind === "open" && subject.socket.send("log-in"));
      second.open();
      expect(second.sent).toEqual(["log-in", "waits"]);
    });
  });

  test("can be ended by who is told of the change", async () => {
    const { world, subject, first, second } = await silent();
    subject.socket.send("a");
    subject.socket.on("state", ({ kind }) => kind === "open" && void subject.socket.close());
    second.open();
    second.drop(1000);
    expect(subject.kinds).toEqual(["open", "open", "closing", "closed"]);
    expect(subject.losses).toEqual([{ kind: "uncertain", messages: ["a"], omitted: 0 }]);
    expect(world.timers).toBe(0);
    expect(first.onclose).toBe(null);
  });

  test("tells at the end what becomes of the messages of a connection that is being replaced", async () => {
    const { world, subject, first, second } = await silent();
    subject.socket.send("a");
    second.open();
    subject.socket.send("b");
    void subject.socket.close();
    first.say("unheard");
    second.drop(1000);
    expect(subject.state).toEqual({ kind: "closed", reason: { kind: "requested" } });
    expect(subject.losses).toEqual([
      { kind: "uncertain", messages: ["b"], omitted: 0 },
      { kind: "uncertain", messages: ["a"], omitted: 0 },
    ]);
    expect(subject.messages).toEqual([]);
    expect([world.timers, world.watchers]).toEqual([0, 0]);
  });

  test("loses and doubles nothing that was sent, whatever happens in whatever order", async () => {
    const acts: readonly ((world: World, subject: Subject, nth: number) => unknown)[] = [
      (world) => world.pass(20_000),
      (world) => world.pass(2_000),
      (world, _, nth) => pick(world, nth, 0)?.open(),
      (world, _, nth) => pick(world, nth, 1)?.say("news"),
      (world, _, nth) => pick(world, nth, 1)?.drop(1006),
      (world, _, nth) => pick(world, nth, 2)?.drop(4900),
      (world, _, nth) => pick(world, nth, 0)?.drop(1006),
      (world, subject) => subject.state.kind !== "closed" && world.tell("visible"),
    ];
    const step = fc.record({ act: fc.nat(acts.length), nth: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const world = new World();
        const subject = await world.opened({ heartbeat });
        const accepted: string[] = [];
        for (const { act, nth } of steps) {
          if (act < acts.length) await acts[act]?.(world, subject, nth);
          else {
            const message = `m${accepted.length}`;
            accepted.push(message);
            const before = world.sockets.reduce((sum, { sent }) => sum + sent.length, 0);
            const outcome = subject.socket.send(message);
            const after = world.sockets.reduce((sum, { sent }) => sum + sent.length, 0);
            expect(after - before).toBe(outcome === "sent" ? 1 : 0);
          }
          await settle();
          const live = world.sockets.filter(({ readyState, closes }) => readyState < 2 && closes.length === 0);
          expect(live.length).toBeLessThanOrEqual(2); // the one in use, and the one to come
        }
        void subject.socket.close();
        await world.pass(3_000);
        expect([world.timers, world.watchers]).toEqual([0, 0]);
        const told = subject.losses.flatMap(({ messages }) => messages as string[]);
        const sent = world.sockets.flatMap((socket) => socket.sent as string[]);
        const unsent = subject.losses.filter(({ kind }) => kind === "unsent").flatMap(({ messages }) => messages);
        expect(new Set(told).size).toBe(told.length);
        expect(new Set(sent).size).toBe(sent.length);
        expect([...sent, ...(unsent as string[])].toSorted()).toEqual(accepted.toSorted());
        for (const socket of world.sockets) {
          const isProven = socket.closes[0]?.[1] === "replaced" && socket.code === 4900;
          for (const message of socket.sent as string[]) expect(told.includes(message)).toBe(!isProven);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** The `nth` of the sockets in a state, the latest first. */
function pick(world: World, nth: number, readyState: number): FakeSocket | undefined {
  const there = world.sockets.filter((socket) => socket.readyState === readyState);
  return there.at(-1 - (nth % Math.max(1, there.length)));
}
