import { getEventListeners } from "node:events";
import { connect as connectTcp } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectByTimers } from "../../src/client/connect.js";
import { connect, type ConnectError, type ConnectOptions } from "../../src/client/index.js";
import { defer } from "../../src/internal/deferred.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { switching } from "../support/handshake-answer.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { nextTurn, until } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

afterEach(() => {
  // Whatever happened, no deadline is left behind: the ticker stops with the first tick that finds none.
  expect(clock.keepsProcessAlive).toBe(false);
  clock.advance(100);
  expect(clock.isTicking).toBe(false);
});

/** Connects in vain by the test's clock. */
async function connectByClock(url: string, options: ConnectOptions = {}): Promise<ConnectError> {
  return await connectInVain(url, options, timersOf(clock));
}

interface Delay {
  readonly url: string;
  readonly options?: ConnectOptions;
  /** Fulfilled when the client has come as far as it can. */
  readonly reached: Promise<unknown>;
}

const never = (): Promise<never> => new Promise(() => {});
const jar = { getCookieString: () => "", setCookie: () => {} };

/** Where connecting can stand still, what the deadline then says, and how to bring it there. */
const delays: readonly (readonly [string, string, (server: RawServer) => Delay])[] = [
  [
    "while dial opens the way",
    "the way to the server was not open yet",
    (server) => {
      const dialled = defer<void>();
      const dial = (): Promise<never> => {
        dialled.resolve();
        return never();
      };
      return { url: server.url, options: { dial }, reached: dialled.promise };
    },
  ],
  [
    "during the TLS handshake",
    "the TLS handshake was not over yet",
    (server) => ({ url: `wss://127.0.0.1:${server.port}`, reached: server.next() }),
  ],
  [
    "while the server does not answer",
    "the server had not answered the opening handshake yet",
    (server) => ({ url: server.url, reached: server.visitor() }),
  ],
  [
    "in the middle of the answer's head",
    "the server had not answered the opening handshake yet",
    (server) => {
      const begun = server.visitor().then(({ raw }) => raw.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: w"));
      return { url: server.url, reached: begun };
    },
  ],
  [
    "while the jar looks for cookies",
    "the option cookies had not answered yet",
    (server) => {
      const asked = defer<void>();
      const getCookieString = (): Promise<never> => {
        asked.resolve();
        return never();
      };
      return { url: server.url, options: { cookies: { ...jar, getCookieString } }, reached: asked.promise };
    },
  ],
  [
    "while the jar stores the cookies of a server that has accepted",
    "the option cookies had not answered yet",
    (server) => {
      const asked = defer<void>();
      const setCookie = (): Promise<never> => {
        asked.resolve();
        return never();
      };
      void server.answerAll((request) => switching(request, { headers: { "Set-Cookie": "a=b" } }));
      return { url: server.url, options: { cookies: { ...jar, setCookie } }, reached: asked.promise };
    },
  ],
  [
    "at the second server, to which the first has redirected",
    "the server had not answered the opening handshake yet",
    (server) => {
      const reached = server.visitor().then(({ raw }) => {
        raw.write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        return server.visitor();
      });
      return { url: server.url, options: { followRedirects: 1 }, reached };
    },
  ],
];

describe.each(delays)("connect(), %s,", (_, progress, delay) => {
  test("gives up when handshakeTimeoutMs are over, and leaves nothing open", async () => {
    const server = await RawServer.start();
    const { url, options, reached } = delay(server);
    let isOver = false;
    const failing = connectByClock(url, { ...options, handshakeTimeoutMs: 3_000 }).finally(() => (isOver = true));
    await reached;
    await nextTurn();
    clock.advance(2_999);
    await nextTurn();
    expect(isOver).toBe(false);
    // Nothing else may: a dial or a jar that never settles has no socket.
    expect(clock.keepsProcessAlive).toBe(true);
    clock.advance(1);
    const error = await failing;
    expect(error.code).toBe("timeout");
    expect(error.cause).toBeUndefined();
    expect(error.message).toContain(`handshakeTimeoutMs (3000) are over and ${progress}`);
    await server.abandoned();
  });

  test("gives up when the signal is aborted, and leaves nothing open", async () => {
    const server = await RawServer.start();
    const { url, options, reached } = delay(server);
    const controller = new AbortController();
    const failing = connectByClock(url, { ...options, signal: controller.signal });
    await reached;
    controller.abort("I have changed my mind");
    expect(await failing).toMatchObject({ code: "aborted", cause: "I have changed my mind" });
    await server.abandoned();
  });
});

describe("connect()", () => {
  test("gives up after 10 seconds by default", async () => {
    const server = await RawServer.start();
    const failing = connectByClock(server.url);
    await server.visitor();
    clock.advance(10_000);
    expect((await failing).message).toContain("handshakeTimeoutMs (10000) are over");
  });

  test("that is aborted beforehand does not even begin", async () => {
    const server = await RawServer.start();
    const dial = vi.fn<() => Promise<never>>(never);
    for (const options of [{}, { dial }, { cookies: { ...jar, getCookieString: dial } }]) {
      const error = await connectByClock(server.url, { ...options, signal: AbortSignal.abort() });
      expect(error).toMatchObject({ code: "aborted", cause: { name: "AbortError" } });
    }
    await nextTurn();
    expect(dial).not.toHaveBeenCalled();
    expect(server.sockets).toEqual([]);
  });

  test("tells dial when nobody waits any more, and destroys what comes too late", async () => {
    const dialled = defer<PassThrough>();
    const controller = new AbortController();
    const failing = connectByClock("ws://example.com/", {
      signal: controller.signal,
      dial: (_, { signal }) => {
        expect(signal.aborted).toBe(false);
        signal.addEventListener("abort", () => dialled.resolve(late));
        return dialled.promise;
      },
    });
    const late = new PassThrough();
    await nextTurn();
    controller.abort();
    expect((await failing).code).toBe("aborted");
    await nextTurn();
    expect(late.destroyed).toBe(true);
  });

  test("reports the status of a server whose body does not end in time", async () => {
    const server = await RawServer.start();
    const failing = connectByClock(server.url);
    const { raw } = await server.visitor();
    raw.write("HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\nwait");
    const [client] = server.sockets;
    await until(() => client!.socket.bytesWritten > 0);
    await turns(20);
    clock.advance(10_000);
    const error = await failing;
    expect(error.code).toBe("http-status");
    expect(error.response).toMatchObject({ status: 503, isBodyComplete: false });
    expect(error.response?.body.toString()).toBe("wait");
    await server.abandoned();
  });

  test("aborted while a body comes in is aborted", async () => {
    const server = await RawServer.start();
    const controller = new AbortController();
    const failing = connectByClock(server.url, { signal: controller.signal });
    (await server.visitor()).raw.write("HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\nwait");
    await turns(20);
    controller.abort();
    expect((await failing).code).toBe("aborted");
    await server.abandoned();
  });

  test("that has given a connection leaves it alone when the signal is aborted later", async () => {
    const { port } = await listening({ routes: { "/": { message: (socket, message) => socket.write(message) } } });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const connection = await connectByTimers(timersOf(clock), `ws://127.0.0.1:${port}/`, options);
    controller.abort();
    clock.advance(20_000);
    await connection.send("still here");
    expect(await connection.receive()).toBe("still here");
    await connection.close();
  });

  test("has no listener left on the signal once it has given a connection, or its error", async () => {
    const { signal } = new AbortController();
    const { url } = await listening({ routes: { "/": {} } });
    const connection = await connectByTimers(timersOf(clock), url, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await connection.close();
    await connectByClock(`${url}elsewhere`, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("is aborted all the same when another with the same signal has ended before, or begins then", async () => {
    const server = await RawServer.start();
    const controller = new AbortController();
    const { signal } = controller;
    const failing = connectByClock(server.url, { signal });
    const first = await server.visitor();
    const other = connectByClock(server.url, { signal });
    (await server.visitor()).raw.reset();
    await other;
    const next = connectByClock(server.url, { signal });
    await server.visitor();
    controller.abort();
    expect((await failing).code).toBe("aborted");
    expect((await next).code).toBe("aborted");
    await first.raw.ended;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("may share one signal with any number of others, without a warning of a leak", async () => {
    const server = await RawServer.start();
    const onWarning = vi.fn<(warning: Error) => void>();
    process.on("warning", onWarning);
    const controller = new AbortController();
    const failing = Array.from({ length: 30 }, () => connectByClock(server.url, { signal: controller.signal }));
    await until(() => server.sockets.length === 30);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort();
    const errors = await Promise.all(failing);
    expect(errors.map((error) => error.code)).toEqual(errors.map(() => "aborted"));
    await server.abandoned();
    process.off("warning", onWarning);
    expect(onWarning).not.toHaveBeenCalled();
  });

  test("gives either the connection or the error when both come together, and never leaks the socket", async () => {
    const server = await RawServer.start();
    const outcomes = new Set<string>();
    // The answer is on its way while, turn by turn later, the signal is aborted.
    for (let patience = 0; outcomes.size < 2; patience++) {
      const controller = new AbortController();
      const sockets: { destroyed: boolean }[] = [];
      const connecting = connect(server.url, {
        signal: controller.signal,
        dial: (url) => {
          const socket = connectTcp({ host: url.hostname, port: Number(url.port) });
          sockets.push(socket);
          return socket;
        },
      });
      connecting.catch(() => {});
      (await server.visitor()).accept();
      await turns(patience);
      controller.abort();
      try {
        (await connecting).terminate();
        outcomes.add("connected");
      } catch (error) {
        outcomes.add((error as { code: string }).code);
      }
      expect(sockets.every((socket) => socket.destroyed)).toBe(true);
    }
    expect([...outcomes].toSorted()).toEqual(["aborted", "connected"]);
    await server.abandoned();
  });
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}
