import { getEventListeners } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connect, socketOf } from "../../src/client/index.js";
import { type OpenContext, ReconnectingError, ReconnectingSocket } from "../../src/reconnecting/index.js";
import { FakeSocket, settle, World } from "./world.js";

/** What is thrown where nobody catches it, until the test is over. */
function uncaught(): readonly unknown[] {
  const thrown: unknown[] = [];
  vi.stubGlobal("queueMicrotask", (run: () => void) => {
    try {
      run();
    } catch (error) {
      thrown.push(error);
    }
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return thrown;
}

describe("a reconnecting socket", () => {
  test("connects, and tells what comes, listeners of the same turn from the beginning", async () => {
    const world = new World();
    const subject = world.reconnecting({ protocols: "chat" });
    expect(subject.state).toEqual({ kind: "connecting", attempt: 1, reason: undefined });
    expect(world.sockets).toEqual([]);
    await settle();
    expect(world.socket).toMatchObject({ url: "ws://test/", binaryType: "arraybuffer" });
    world.socket.protocol = "chat";
    world.socket.open();
    world.socket.say("hello");
    expect(subject.states).toEqual([{ kind: "open", url: "ws://test/", protocol: "chat" }]);
    expect(subject.messages).toEqual(["hello"]);
  });

  test("comes back after a drop, within a delay whose ceiling doubles up to maxDelayMs", async () => {
    const world = new World();
    world.chance = 0.999_999;
    const subject = world.reconnecting({ firstDelayMs: 100, maxDelayMs: 500 });
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt++) {
      await settle();
      world.socket.drop();
      if (subject.state.kind !== "waiting") throw new Error(subject.state.kind);
      expect(subject.state).toMatchObject({
        attempt: attempt + 1,
        reason: { kind: "connect-failed" },
        retryAtMs: world.nowMs() + subject.state.delayMs,
      });
      delays.push(subject.state.delayMs);
      const before = world.sockets.length;
      await world.pass(subject.state.delayMs - 1);
      expect(world.sockets.length).toBe(before);
      await world.pass(1);
      expect(world.sockets.length).toBe(before + 1);
    }
    expect(delays).toEqual([99, 199, 399, 499, 499]);
  });

  test("doubles the ceiling with the first failure after a connection that lasted", async () => {
    const world = new World();
    const subject = await world.opened({ firstDelayMs: 100, stableAfterMs: 1000 });
    await world.pass(1000);
    const delays: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      world.socket.drop();
      if (subject.state.kind !== "waiting") throw new Error(subject.state.kind);
      delays.push(subject.state.delayMs);
      await world.pass(subject.state.delayMs);
    }
    expect(delays).toEqual([50, 100, 200, 400]);
  });

  test("begins with short delays again after a connection that lasted, and only then", async () => {
    const world = new World();
    const subject = await world.opened({ firstDelayMs: 100, stableAfterMs: 1000 });
    world.socket.drop();
    await world.pass(50);
    world.socket.open();
    await world.pass(999);
    world.socket.drop();
    expect(subject.state).toMatchObject({ kind: "waiting", delayMs: 100, attempt: 3 });
    await world.pass(100);
    world.socket.open();
    await world.pass(1000);
    world.socket.drop(1001, "bye");
    expect(subject.state).toMatchObject({
      kind: "waiting",
      delayMs: 50,
      attempt: 1,
      reason: { kind: "closed", code: 1001, reason: "bye", wasClean: true },
    });
  });

  test("asks for the URL before each attempt, with its number and a signal", async () => {
    const world = new World();
    const signals: AbortSignal[] = [];
    world.reconnecting({}, async ({ attempt, signal }) => {
      signals.push(signal);
      return `ws://test/?token=${attempt}`;
    });
    await settle();
    world.socket.drop();
    await world.pass(1000);
    expect(world.sockets.map(({ url }) => url)).toEqual(["ws://test/?token=1", "ws://test/?token=2"]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test.each([
    [undefined, []],
    ["chat", ["chat"]],
    [
      ["chat.v2", "chat"],
      ["chat.v2", "chat"],
    ],
  ])("opens with the subprotocols %o, and a signal", async (given, protocols) => {
    const asked: unknown[] = [];
    const open = (_: string, context: OpenContext): Promise<never> => {
      asked.push(context);
      return new Promise(() => {});
    };
    const { socket } = new World().reconnecting({ open, ...(given !== undefined && { protocols: given }) });
    await settle();
    expect(asked).toEqual([{ protocols, signal: expect.any(AbortSignal) as AbortSignal }]);
    await socket.close();
  });

  test("opens the WebSocket of the runtime, where nothing else is given", async () => {
    const world = new World();
    const made: unknown[][] = [];
    class RuntimeSocket extends FakeSocket {
      constructor(...args: [string, ...unknown[]]) {
        super(args[0]);
        made.push(args);
      }
    }
    vi.stubGlobal("WebSocket", RuntimeSocket);
    onTestFinished(() => void vi.unstubAllGlobals());
    const socket = new ReconnectingSocket("ws://test/", { protocols: ["a", "b"], environment: world });
    await settle();
    expect(made).toEqual([["ws://test/", ["a", "b"]]]);
    await socket.close();
  });

  test("has no deadline where connectTimeoutMs is 0", async () => {
    const world = new World();
    const { socket } = world.reconnecting({ connectTimeoutMs: 0 });
    await settle();
    expect([socket.state.kind, world.timers]).toEqual(["connecting", 0]);
  });

  test("does not take an attempt that failed for a connection that lasted", async () => {
    const world = new World();
    const subject = world.reconnecting({ stableAfterMs: 1 });
    await world.pass(100);
    world.socket.drop();
    expect(subject.state).toMatchObject({ kind: "waiting", attempt: 2 });
  });

  test("tries again when the URL cannot be had, and says why", async () => {
    const world = new World();
    const error = new Error("no token");
    const subject = world.reconnecting({}, () => Promise.reject(error));
    await settle();
    expect(subject.state).toMatchObject({ kind: "waiting", reason: { kind: "connect-failed", error } });
    expect(world.sockets).toEqual([]);
  });

  test("gives an attempt up at the deadline, which covers the URL", async () => {
    const world = new World();
    let signal: AbortSignal | undefined;
    const subject = world.reconnecting({ connectTimeoutMs: 100 }, (context) => {
      ({ signal } = context);
      return new Promise(() => {});
    });
    await world.pass(99);
    expect(subject.state.kind).toBe("connecting");
    expect(signal?.aborted).toBe(false);
    await world.pass(1);
    expect(subject.state).toMatchObject({ kind: "waiting", reason: { kind: "connect-timeout" } });
    expect(signal?.aborted).toBe(true);
  });

  test("closes a socket that was given up, and hears nothing of it any more", async () => {
    const world = new World();
    const subject = world.reconnecting({ connectTimeoutMs: 100 });
    await world.pass(100);
    const late = world.socket;
    expect(late.closes).toEqual([[]]);
    late.open();
    late.say("late");
    late.drop();
    expect(subject.kinds).toEqual(["waiting"]);
    expect(subject.messages).toEqual([]);
  });

  test.each([1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003, 3500, 3999, 4500, 4999])(
    "does not come back after close code %i",
    async (code) => {
      const world = new World();
      const subject = await world.opened();
      world.socket.drop(code, "go");
      expect(subject.state).toEqual({
        kind: "closed",
        reason: { kind: "refused", code, reason: "go", wasClean: true },
      });
      await world.pass(60_000);
      expect(world.sockets.length).toBe(1);
    },
  );

  test.each([1001, 1005, 1006, 1011, 1012, 1013, 1014, 3001, 3499, 4000, 4499])(
    "comes back after close code %i",
    async (code) => {
      const world = new World();
      await world.opened();
      world.socket.drop(code);
      await world.pass(60_000);
      expect(world.sockets.length).toBeGreaterThan(1);
    },
  );

  test("gives a server time that asks for it with 1013", async () => {
    const world = new World();
    const subject = await world.opened({ maxDelayMs: 10_000 });
    world.socket.drop(1013);
    expect(subject.state).toMatchObject({ kind: "waiting", delayMs: 7_500 });
  });

  test("asks shouldReconnect instead, where that is given", async () => {
    const world = new World();
    const subject = await world.opened({ shouldReconnect: ({ code }) => code === 1008 });
    world.socket.drop(1008);
    await world.pass(1000);
    world.socket.open();
    world.socket.drop(1001);
    expect(subject.state).toMatchObject({ kind: "closed", reason: { kind: "refused", code: 1001 } });
  });

  test.each([
    [1001, "waiting"],
    [1008, "closed"],
  ])("goes on after %i as without a shouldReconnect that throws, whose error nobody catches", async (code, kind) => {
    const thrown = uncaught();
    const world = new World();
    const error = new Error("mine");
    const shouldReconnect = (): never => {
      throw error;
    };
    const subject = await world.opened({ shouldReconnect });
    world.socket.drop(code);
    expect(subject.kinds).toEqual(["open", kind]);
    expect(thrown).toEqual([error]);
  });

  test("gives up after maxAttempts", async () => {
    const world = new World();
    const subject = world.reconnecting({ maxAttempts: 2 });
    for (let attempt = 0; attempt < 2; attempt++) {
      await world.pass(1000);
      world.socket.drop();
    }
    expect(subject.state).toEqual({
      kind: "closed",
      reason: { kind: "gave-up", attempts: 2, last: { kind: "connect-failed" } },
    });
  });

  test("does not try again with what is no URL", async () => {
    const world = new World();
    const error = new DOMException("The URL is invalid", "SyntaxError");
    const open = (): never => {
      throw error;
    };
    const subject = world.reconnecting({ open });
    await settle();
    expect(subject.state).toEqual({ kind: "closed", reason: { kind: "invalid", error } });
  });

  test("tries again where the answer with a ticket could not be parsed", async () => {
    const world = new World();
    const ticket = (text: string): string => (JSON.parse(text) as { ticket: string }).ticket;
    const subject = world.reconnecting({}, ({ attempt }) =>
      ticket(attempt === 1 ? "<h1>502 Bad Gateway</h1>" : '{ "ticket": "ws://test/?t=1" }'),
    );
    await settle();
    const error = expect.any(SyntaxError) as SyntaxError;
    expect(subject.state).toMatchObject({ kind: "waiting", reason: { kind: "connect-failed", error } });
    await world.pass(1000);
    expect(world.socket.url).toBe("ws://test/?t=1");
  });

  test.each([
    ["the code of something else, as of gRPC", Object.assign(new Error("UNIMPLEMENTED"), { code: 12 })],
    ["a subprotocol that connect does not take", new RangeError("option subprotocols got")],
  ])("tries again after %s", async (_, error) => {
    const subject = new World().reconnecting({ open: () => Promise.reject(error) });
    await settle();
    expect(subject.state).toMatchObject({ kind: "waiting", reason: { kind: "connect-failed", error } });
    await subject.socket.close();
  });

  test.each([
    ["the URL of a function", {}, () => new URL("nope")],
    ["connect", { open: async (url: string) => socketOf(await connect(url)) }, "nope"],
    ["connect, by its scheme", { open: async (url: string) => socketOf(await connect(url)) }, "ftp://localhost/"],
  ])("does not try again with what is no URL for %s", async (_, options, url) => {
    const { socket } = new World().reconnecting(options, url);
    await socket.closed;
    expect(socket.state).toMatchObject({
      kind: "closed",
      reason: { kind: "invalid", error: { code: "ERR_INVALID_URL" } },
    });
  });

  test.each([undefined, {}, Object.freeze({ close() {} })])(
    "ends where open gave no WebSocket but %o",
    async (given) => {
      const subject = new World().reconnecting({ open: () => given as never });
      await settle();
      const error = new ReconnectingError("no-websocket", "open gave no WebSocket; see socketOf");
      expect(subject.state).toEqual({ kind: "closed", reason: { kind: "invalid", error } });
    },
  );

  test("tells everybody though one listener throws, whose error nobody catches", async () => {
    const thrown = uncaught();
    const world = new World();
    const subject = world.reconnecting();
    const error = new Error("mine");
    subject.socket.on("message", () => {
      throw error;
    });
    const heard: unknown[] = [];
    const stop = subject.socket.on("message", (message) => heard.push(message));
    await settle();
    world.socket.open();
    world.socket.say("one");
    stop();
    world.socket.say("two");
    expect(heard).toEqual(["one"]);
    expect(thrown).toEqual([error, error]);
  });

  test.each([2, 3])("knows at once that open gave a socket in state %d", async (readyState) => {
    const open = (url: string): FakeSocket => Object.assign(new FakeSocket(url), { readyState });
    const subject = new World().reconnecting({ open });
    await settle();
    expect(subject.state).toMatchObject({ kind: "waiting", reason: { kind: "connect-failed" } });
    await subject.socket.close();
  });

  test("refuses to tell of what there is not, or nobody", () => {
    const { socket } = new World().reconnecting();
    for (const name of ["open", "close", "constructor", "states", "a state"]) {
      expect(() => socket.on(name as never, () => {})).toThrow("on takes state, message or loss");
    }
    expect(() => socket.on("state", undefined as never)).toThrow(TypeError);
  });

  test("reconnects now when it is told to, while it waits, connects or is open", async () => {
    const world = new World();
    const subject = world.reconnecting();
    await settle();
    world.socket.drop();
    expect(subject.state.kind).toBe("waiting");
    subject.socket.reconnect();
    await settle();
    expect(world.sockets.length).toBe(2);
    subject.socket.reconnect();
    await settle();
    expect(world.sockets.length).toBe(3);
    expect(subject.state).toMatchObject({ kind: "connecting", attempt: 1, reason: { kind: "requested" } });
    world.socket.open();
    subject.socket.reconnect();
    await settle();
    expect(world.sockets.map(({ closes }) => closes.length)).toEqual([1, 1, 1, 0]);
    world.socket.open();
    expect(subject.state.kind).toBe("open");
    expect(subject.kinds.filter((kind) => kind === "waiting").length).toBe(1);
  });
});

describe("the end of a reconnecting socket", () => {
  test("is a closing handshake with the code and the reason", async () => {
    const world = new World();
    const subject = await world.opened();
    const closed = subject.socket.close(4001, "done");
    expect(subject.state).toEqual({ kind: "closing" });
    expect(world.socket.closes).toEqual([[4001, "done"]]);
    world.socket.drop(4001, "done");
    await closed;
    expect(subject.state).toEqual({ kind: "closed", reason: { kind: "requested" } });
    expect(subject.socket.close()).toBe(closed);
    expect([world.timers, world.watchers]).toEqual([0, 0]);
    subject.socket.reconnect();
    await world.pass(60_000);
    expect(world.sockets.length).toBe(1);
  });

  test("is not hurried by reconnect()", async () => {
    const world = new World();
    const subject = await world.opened();
    void subject.socket.close();
    subject.socket.reconnect();
    expect(subject.state).toEqual({ kind: "closing" });
    expect(world.socket.closes).toEqual([[1000, ""]]);
  });

  test.each([undefined, { probe: "ping" }])(
    "is not cut short by a page that is resumed: heartbeat %j",
    async (heartbeat) => {
      const world = new World();
      const subject = world.reconnecting({ heartbeat, sleepThresholdMs: 1_000, closeTimeoutMs: 500 });
      await settle();
      world.tell("freeze");
      await world.pass(2_000);
      world.socket.open();
      await settle();
      void subject.socket.close();
      world.tell("resume");
      world.tell("visible");
      expect(subject.state).toEqual({ kind: "closing" });
      expect(world.socket.sent).toEqual([]);
      expect(world.socket.closes).toEqual([[1000, ""]]);
    },
  );

  test("is one by a signal too, aborted by who is told that it closes", async () => {
    const world = new World();
    const abort = new AbortController();
    const subject = await world.opened({ signal: abort.signal });
    subject.socket.on("state", ({ kind }) => kind === "closing" && abort.abort());
    await subject.socket.close();
    expect(subject.kinds).toEqual(["open", "closing", "closed"]);
    expect(world.timers).toBe(0);
  });

  test("leaves no timer where it comes from within the attempt's own end", async () => {
    const world = new World();
    const subject = world.reconnecting({}, ({ signal }) => {
      signal.addEventListener("abort", () => void subject.socket.close());
      return "ws://test/";
    });
    await settle();
    world.socket.open();
    world.socket.drop();
    expect([subject.state.kind, world.timers]).toEqual(["closed", 0]);
  });

  test("is one though shouldReconnect, which closes it, says that it should go on", async () => {
    const world = new World();
    const subject = await world.opened({ shouldReconnect: () => subject.socket.close() !== undefined });
    world.socket.drop(1001);
    await world.pass(60_000);
    expect(subject.kinds).toEqual(["open", "closed"]);
    expect(world.timers).toBe(0);
  });

  test("does not wait longer than closeTimeoutMs", async () => {
    const world = new World();
    const subject = await world.opened({ closeTimeoutMs: 500 });
    const closed = subject.socket.close();
    await world.pass(499);
    expect(subject.state.kind).toBe("closing");
    await world.pass(1);
    await closed;
    expect(subject.state).toEqual({ kind: "closed", reason: { kind: "requested" } });
    expect(world.timers).toBe(0);
  });

  test.each(["connecting", "waiting"])("comes at once while it is %s", async (kind) => {
    const world = new World();
    const subject = world.reconnecting();
    await settle();
    if (kind === "waiting") world.socket.drop();
    expect(subject.state.kind).toBe(kind);
    await subject.socket[Symbol.asyncDispose]();
    expect(subject.state).toEqual({ kind: "closed", reason: { kind: "requested" } });
    expect([world.timers, world.watchers]).toEqual([0, 0]);
  });

  test("comes by a signal, aborted before or later", async () => {
    const world = new World();
    const cause = new Error("logged out");
    const early = world.reconnecting({ signal: AbortSignal.abort(cause) });
    expect(early.state).toEqual({ kind: "closed", reason: { kind: "aborted", cause } });
    const controller = new AbortController();
    const subject = world.reconnecting({ signal: controller.signal });
    await settle();
    expect(world.sockets.length).toBe(1);
    world.socket.open();
    expect(getEventListeners(controller.signal, "abort").length).toBe(1);
    controller.abort(cause);
    expect(getEventListeners(controller.signal, "abort").length).toBe(0);
    expect(subject.state).toEqual({ kind: "closed", reason: { kind: "aborted", cause } });
    expect(world.socket.closes.length).toBe(1);
    expect([world.timers, world.watchers]).toEqual([0, 0]);
  });

  test.each([
    [1001, ""],
    [2999, ""],
    [5000, ""],
    [3000.5, ""],
    [11_000, ""],
    [40_001, ""],
    [1000, "é".repeat(62)],
    [1000, 5 as never],
  ])("refuses the code %d with the reason %o", async (code, reason) => {
    const subject = await new World().opened();
    const takes =
      code === 1000 ? "close takes a reason of up to 123 bytes" : `close takes 1000, or 3000 to 4999; it got ${code}`;
    expect(() => subject.socket.close(code, reason)).toThrow(RangeError);
    expect(() => subject.socket.close(code, reason)).toThrow(takes);
    expect(subject.state.kind).toBe("open");
  });

  test.each([
    [3000, ""],
    [4999, "x".repeat(123)],
  ])("takes the code %d with the reason %o", async (code, reason) => {
    const world = new World();
    const { socket } = await world.opened();
    void socket.close(code, reason);
    expect(world.socket.closes).toEqual([[code, reason]]);
  });

  test("gives the code 1000 and no reason, where none is asked for", async () => {
    const world = new World();
    const { socket } = await world.opened();
    void socket.close();
    expect(world.socket.closes).toEqual([[1000, ""]]);
  });
});

describe("for await over a reconnecting socket", () => {
  test("gives every message across connections, and ends with the socket", async () => {
    const world = new World();
    const subject = await world.opened();
    const read: unknown[] = [];
    const reading = (async () => {
      for await (const message of subject.socket) read.push(message);
    })();
    world.socket.say("one");
    world.socket.say("two");
    world.socket.drop();
    await world.pass(1000);
    world.socket.open();
    world.socket.say("three");
    world.socket.drop(1000);
    await reading;
    expect(read).toEqual(["one", "two", "three"]);
    for await (const _ of subject.socket) throw new Error("a message after the end");
  });

  test("can be left without closing anything", async () => {
    const world = new World();
    const subject = await world.opened();
    const messages = subject.socket[Symbol.asyncIterator]();
    world.socket.say("one");
    world.socket.say("two");
    expect(await messages.next()).toEqual({ done: false, value: "one" });
    await messages.return?.();
    world.socket.say("three");
    expect(await messages.next()).toEqual({ done: true, value: undefined });
    expect(subject.state.kind).toBe("open");
  });

  test("ends for who waits for a message when the socket ends, and gives itself as what to loop over", async () => {
    const { socket } = await new World().opened();
    const messages = socket[Symbol.asyncIterator]();
    expect(messages[Symbol.asyncIterator]()).toBe(messages);
    const waiting = messages.next();
    socket.reconnect();
    await socket.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await messages.return?.()).toEqual({ done: true, value: undefined });
  });

  test("has room again for what was read", async () => {
    const world = new World();
    const { socket } = await world.opened({ maxUnreadBytes: 8 });
    const messages = socket[Symbol.asyncIterator]();
    for (const message of ["12345678", "abcdefgh", "ABCDEFGH"]) {
      world.socket.say(message);
      expect(await messages.next()).toEqual({ done: false, value: message });
    }
    world.socket.say("1234");
    world.socket.say("5678");
    expect(await messages.next()).toEqual({ done: false, value: "1234" });
    world.socket.say("9012");
    expect(await messages.next()).toEqual({ done: false, value: "5678" });
    expect(await messages.next()).toEqual({ done: false, value: "9012" });
  });

  test("fails when more than maxUnreadBytes wait for it, after what was there", async () => {
    const world = new World();
    const subject = await world.opened({ maxUnreadBytes: 8 });
    const messages = subject.socket[Symbol.asyncIterator]();
    world.socket.say(new ArrayBuffer(4));
    world.socket.say("four");
    expect(await messages.next()).toMatchObject({ done: false });
    world.socket.say("five5");
    expect(await messages.next()).toEqual({ done: false, value: "four" });
    expect(await messages.next()).toEqual({ done: false, value: "five5" });
    await expect(messages.next()).rejects.toMatchObject({
      name: "ReconnectingError",
      code: "reader-too-slow",
      message: "more than maxUnreadBytes wait for a loop; read faster, or raise it",
    });
    expect(await messages.next()).toEqual({ done: true, value: undefined });
    expect(subject.messages.length).toBe(3);
  });
});

describe("the options of a reconnecting socket", () => {
  test.each([
    [{ maxDelayMS: 5 }, "there is no option maxDelayMS"],
    [{ maxDelayMs: 0 }, "option maxDelayMs got 0; it takes an integer from 1 to 86400000"],
    [{ maxDelayMs: Infinity }, "option maxDelayMs got Infinity"],
    [{ maxAttempts: 1.5 }, "option maxAttempts got 1.5; it takes an integer from 1 to Infinity"],
    [{ maxDelayMs: 86_400_001 }, "option maxDelayMs got 86400001; it takes an integer from 1 to 86400000"],
    [{ connectTimeoutMs: "5" }, "option connectTimeoutMs got 5"],
    [{ open: "x" }, "option open got x; it takes a function; needed where there is no WebSocket"],
    [{ shouldReconnect: true }, "option shouldReconnect got true; it takes a function"],
    [{ binaryType: "nodebuffer" }, 'option binaryType got nodebuffer; it takes "arraybuffer" or "blob"'],
    [{ overflow: "drop" }, 'option overflow got drop; it takes "refuse" or "drop-oldest"'],
    [{ signal: {} }, "option signal got an object; it takes an AbortSignal"],
    [{ heartbeat: 30_000 }, "option heartbeat got 30000; it takes an object"],
    [{ heartbeat: true }, "option heartbeat got true; it takes an object"],
    [{ heartbeat: { probe: 5 } }, "option heartbeat.probe got 5; it takes a message, or a function"],
    [{ heartbeat: { probe: "x", every: 1 } }, "there is no option heartbeat.every"],
    [{ heartbeat: { timeoutMs: 0 } }, "option heartbeat.timeoutMs got 0; it takes an integer from 1 to 86400000"],
    [{ heartbeat: { probe: "x", isReply: 1 } }, "option heartbeat.isReply got 1; it takes a function"],
  ])("%o is refused", (options, message) => {
    const open = (): never => {
      throw new Error("never called");
    };
    expect(() => new ReconnectingSocket("ws://test/", { open, ...options } as never)).toThrow(message);
  });

  test("numbers that are wrong are a RangeError, all else is a TypeError", () => {
    expect(() => new World().reconnecting({ maxDelayMs: 0 })).toThrow(RangeError);
    expect(() => new World().reconnecting({ maxDelayMs: "1" as never })).toThrow(TypeError);
  });

  test("the largest values are taken", async () => {
    const { socket } = new World().reconnecting({ maxDelayMs: 86_400_000, maxQueuedBytes: 2 ** 40 });
    await socket.close();
  });

  test("a URL that is none is refused", () => {
    expect(() => new ReconnectingSocket(5 as never)).toThrow("option url got 5");
  });
});
