import type { WebSocketError, WebSocketStream } from "../../src/web/index.js";

/**
 * What `WebSocketStream` must do, by the Web Platform Tests' expectations (websockets/stream/tentative) and Chromium. It runs on ours and
 * in Chromium, so it imports nothing but types: it is handed over as a text.
 */
interface StreamContext {
  readonly WebSocketStream: typeof WebSocketStream;
  readonly WebSocketError: typeof WebSocketError;
  /** `ws://127.0.0.1:PORT` of the suite's server. */
  readonly base: string;
}

/** One expectation. It throws where it is not met. */
type StreamExpectation = (context: StreamContext) => void | Promise<void>;

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as Error).name;
  }
}

function same(got: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`got ${left}, wanted ${right}`);
}

/** What `promise` rejects with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("resolved");
}

async function nameOf(promise: Promise<unknown>): Promise<string> {
  return ((await rejection(promise)) as Error).name;
}

async function witness(base: string, id: string): Promise<unknown> {
  return await (await fetch(`${base.replace("ws", "http")}/witness?id=${id}`)).json();
}

let ids = 0;
function newId(): string {
  return `stream-${Date.now()}-${ids++}`;
}

type Close = Parameters<WebSocketStream["close"]>[0];

/** The code and reason that `closed` tells, and those that the server got, once `end` has ended a connection. */
async function endBy(
  { WebSocketStream: Class, base }: StreamContext,
  end: (stream: WebSocketStream, info: Awaited<WebSocketStream["opened"]>) => unknown,
): Promise<unknown[]> {
  const id = newId();
  const stream = new Class(`${base}/echo?id=${id}`);
  await end(stream, await stream.opened);
  const { closeCode, reason } = await stream.closed;
  return [closeCode, typeof reason, await witness(base, id)];
}

const errors: Record<string, StreamExpectation> = {
  "WebSocketError: is a DOMException with a code and a reason (websocket-error)": ({ WebSocketError: Failure }) => {
    const plain = new Failure();
    same([plain.message, plain.name, plain.code, plain.closeCode, plain.reason], ["", "WebSocketError", 0, null, ""]);
    const full = new Failure("gone", { closeCode: 3333, reason: "why" });
    same([full.message, full.closeCode, full.reason], ["gone", 3333, "why"]);
    same([full instanceof DOMException, full instanceof Error, full instanceof Failure], [true, true, true]);
    same(Object.prototype.toString.call(full), "[object WebSocketError]");
  },
  "WebSocketError: a reason without a code goes with 1000": ({ WebSocketError: Failure }) => {
    same(new Failure("", { reason: "why" }).closeCode, 1000);
    same(new Failure("", { reason: "" }).closeCode, null);
  },
  "WebSocketError: refuses codes and reasons that may not be sent": ({ WebSocketError: Failure }) => {
    for (const closeCode of [999, 1001, 2999, 5000, 0]) {
      same(
        outcome(() => new Failure("", { closeCode })),
        "InvalidAccessError",
      );
    }
    same(
      outcome(() => new Failure("", { reason: "x".repeat(124) })),
      "SyntaxError",
    );
    same(
      outcome(() => new Failure("", { closeCode: 1000, reason: "é".repeat(61) }) instanceof Failure),
      true,
    );
  },
};

const constructors: Record<string, StreamExpectation> = {
  "constructor: needs new and a URL (constructor)": ({ WebSocketStream: Class, base }) => {
    const untyped = Class as unknown as { (...given: unknown[]): unknown; new (...given: unknown[]): unknown };
    same([outcome(() => new untyped()), outcome(() => untyped(base))], ["TypeError", "TypeError"]);
    same([Class.length, Class.name], [1, "WebSocketStream"]);
  },
  "constructor: refuses a wrong URL and wrong subprotocols": ({ WebSocketStream: Class, base }) => {
    for (const url of ["invalid:", "ftp://host/", `${base}/#x`, "about:blank"]) {
      same([url, outcome(() => new Class(url))], [url, "SyntaxError"]);
    }
    for (const protocols of [["a", "a"], ["a b"], [""]]) {
      same(
        outcome(() => new Class(base, { protocols })),
        "SyntaxError",
      );
    }
  },
  "constructor: refuses options that are none (constructor)": ({ WebSocketStream: Class, base }) => {
    for (const options of [true, "x", { protocols: "chat" }, { signal: 5 }]) {
      same([options, outcome(() => new Class(base, options as object))], [options, "TypeError"]);
    }
  },
  "constructor: normalises the URL": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/a b`);
    same(stream.url, `${base}/a%20b`);
    await stream.opened;
    stream.close();
  },
  "opened: tells of the streams, the extensions and the subprotocol (constructor)": async ({
    WebSocketStream: Class,
    base,
  }) => {
    const stream = new Class(`${base}/echo`, { protocols: ["chat.v2", "chat.v1"] });
    const info = await stream.opened;
    same(Object.keys(info).toSorted(), ["extensions", "protocol", "readable", "writable"]);
    same([info.extensions, info.protocol], ["", "chat.v2"]);
    same([info.readable instanceof ReadableStream, info.writable instanceof WritableStream], [true, true]);
    same([stream.opened === stream.opened, stream.closed === stream.closed], [true, true]);
    stream.close();
  },
  "opened: without connection both promises reject with a WebSocketError (constructor)": async ({
    WebSocketStream: Class,
    WebSocketError: Failure,
    base,
  }) => {
    for (const url of [`${base}/refuse`, "ws://127.0.0.1:1/"]) {
      const stream = new Class(url);
      const opened = await rejection(stream.opened);
      same([opened instanceof Failure, (await rejection(stream.closed)) instanceof Failure], [true, true]);
      same([(opened as WebSocketError).closeCode, (opened as WebSocketError).reason], [null, ""]);
    }
  },
};

const aborts: Record<string, StreamExpectation> = {
  "signal: aborted before, nothing is opened (abort)": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/echo`, { signal: AbortSignal.abort() });
    same([await nameOf(stream.opened), await nameOf(stream.closed)], ["AbortError", "AbortError"]);
  },
  "signal: its reason is what both reject with (abort)": async ({ WebSocketStream: Class, base }) => {
    const controller = new AbortController();
    const stream = new Class(`${base}/never`, { signal: controller.signal });
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 0);
    same([(await rejection(stream.opened)) === reason, (await rejection(stream.closed)) === reason], [true, true]);
  },
  "signal: does nothing once the connection is open (abort)": async ({ WebSocketStream: Class, base }) => {
    const controller = new AbortController();
    const stream = new Class(`${base}/echo`, { signal: controller.signal });
    const { readable, writable } = await stream.opened;
    controller.abort();
    await writable.getWriter().write("still");
    same((await readable.getReader().read()).value, "still");
    stream.close();
  },
};

const messages: Record<string, StreamExpectation> = {
  "streams: text comes back as text, bytes as bytes (backpressure, echo)": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/echo`);
    const { readable, writable } = await stream.opened;
    const writer = writable.getWriter();
    const reader = readable.getReader();
    for (const text of ["hello ⚓", "", "x".repeat(70_000)]) {
      await writer.write(text);
      same((await reader.read()).value, text);
    }
    for (const bytes of [Uint8Array.of(1, 2, 3), new DataView(new ArrayBuffer(3)), new ArrayBuffer(3)]) {
      await writer.write(bytes);
      const { value } = await reader.read();
      same([value instanceof ArrayBuffer, (value as ArrayBuffer).byteLength], [true, 3]);
    }
    stream.close();
  },
  "streams: what is neither bytes nor text becomes text": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/echo`);
    const { readable, writable } = await stream.opened;
    const writer = writable.getWriter();
    const reader = readable.getReader();
    for (const [given, text] of [
      [null, "null"],
      [undefined, "undefined"],
      [{}, "[object Object]"],
      [1, "1"],
      [new Blob(["x"]), "[object Blob]"],
    ] as const) {
      await writer.write(given as string);
      same((await reader.read()).value, text);
    }
    stream.close();
  },
  "streams: what has no string fails its write": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/echo`);
    const { writable } = await stream.opened;
    same(await nameOf(writable.getWriter().write(Symbol("x") as unknown as string)), "TypeError");
    stream.close();
  },
  "streams: all messages come, then the end (remote-close)": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/burst-close`);
    const { readable, writable } = await stream.opened;
    const reader = readable.getReader();
    const got: unknown[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) got.push(next.value);
    same(got, ["one", "two", "three"]);
    const { closeCode, reason } = await stream.closed;
    same([closeCode, reason], [1000, ""]);
    same(await nameOf(writable.getWriter().write("late")), "InvalidStateError");
  },
  "back-pressure: a writer waits for a server that does not read (backpressure-send)": async ({
    WebSocketStream: Class,
    base,
  }) => {
    const id = newId();
    const stream = new Class(`${base}/deaf?id=${id}`);
    const writer = (await stream.opened).writable.getWriter();
    let written = 0;
    const all = (async () => {
      for (; written < 200; written++) await writer.write(new Uint8Array(60_000));
    })();
    let last = 0;
    // Until nothing has gone on for some turns.
    for (let idle = 0; idle < 30; idle = written === last ? idle + 1 : 0) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    same(written < 200, true);
    await fetch(`${base.replace("ws", "http")}/wake?id=${id}`);
    await all;
    await writer.close();
    same((await stream.closed).closeCode, 1005);
  },
};

const closing: Record<string, StreamExpectation> = {
  "close: sends its code and reason (close)": async (context) => {
    const cases: readonly [Close, unknown[]][] = [
      [{ closeCode: 3456, reason: "pizza" }, [3456, "string", [3456, "pizza"]]],
      [undefined, [1005, "string", [1005, ""]]],
      [{}, [1005, "string", [1005, ""]]],
      [{ reason: "" }, [1005, "string", [1005, ""]]],
      [{ reason: "why" }, [1000, "string", [1000, "why"]]],
    ];
    for (const [info, wanted] of cases) same(await endBy(context, (stream) => stream.close(info)), wanted);
  },
  "close: refuses what may not be sent (close)": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/echo`);
    await stream.opened;
    for (const closeCode of [999, 1001, 2999, 5000]) {
      same(
        outcome(() => stream.close({ closeCode })),
        "InvalidAccessError",
      );
    }
    same(
      outcome(() => stream.close({ reason: ".".repeat(124) })),
      "SyntaxError",
    );
    same(
      outcome(() => stream.close(true as unknown as object)),
      "TypeError",
    );
    stream.close();
  },
  "close: while connecting rejects both promises (close)": async ({
    WebSocketStream: Class,
    WebSocketError: Failure,
    base,
  }) => {
    const stream = new Class(`${base}/never`);
    stream.close();
    const opened = await rejection(stream.opened);
    same([opened instanceof Failure, (await rejection(stream.closed)) instanceof Failure], [true, true]);
  },
  "close: by closing the writable, which resolves at the end of the handshake (close)": async (context) => {
    same(await endBy(context, async (_, { writable }) => await writable.getWriter().close()), [
      1005,
      "string",
      [1005, ""],
    ]);
  },
  "close: by aborting the writable or cancelling the readable (close)": async (context) => {
    const wanted = [1005, "string", [1005, ""]];
    same(await endBy(context, async (_, { writable }) => await writable.abort()), wanted);
    same(await endBy(context, async (_, { readable }) => await readable.cancel()), wanted);
    // The obsolete way to name a code.
    const info = { closeCode: 3456, reason: "set" };
    same(await endBy(context, async (_, { writable }) => await writable.abort(info)), wanted);
    same(await endBy(context, async (_, { readable }) => await readable.cancel(info)), wanted);
  },
  "close: with the code and reason of a WebSocketError (close, abort and cancel)": async (context) => {
    const error = new context.WebSocketError("", { closeCode: 3456, reason: "set" });
    const wanted = [3456, "string", [3456, "set"]];
    same(await endBy(context, async (_, { writable }) => await writable.abort(error)), wanted);
    same(await endBy(context, async (_, { readable }) => await readable.cancel(error)), wanted);
  },
  "close: what was written before it arrives": async ({ WebSocketStream: Class, base }) => {
    const id = newId();
    const stream = new Class(`${base}/count?id=${id}`);
    const writer = (await stream.opened).writable.getWriter();
    for (let i = 0; i < 20; i++) void writer.write("x".repeat(10_000));
    await writer.close();
    same(await witness(base, id), [1005, "", 200_000]);
  },
  "close: the server's code and reason are told (remote-close)": async ({ WebSocketStream: Class, base }) => {
    const stream = new Class(`${base}/close?code=4001&reason=bye`);
    const { readable } = await stream.opened;
    same((await readable.getReader().read()).done, true);
    const { closeCode, reason } = await stream.closed;
    same([closeCode, reason], [4001, "bye"]);
  },
};

const breaking: Record<string, StreamExpectation> = {
  "breaking: both streams and `closed` fail with a WebSocketError (remote-close)": async ({
    WebSocketStream: Class,
    WebSocketError: Failure,
    base,
  }) => {
    const stream = new Class(`${base}/drop`);
    const { readable, writable } = await stream.opened;
    const reader = readable.getReader();
    const writer = writable.getWriter();
    const [closed, read, write] = await Promise.all([
      rejection(stream.closed),
      rejection(
        (async () => {
          while (!(await reader.read()).done);
        })(),
      ),
      rejection(writer.closed),
    ]);
    same([closed instanceof Failure, closed === read, closed === write], [true, true, true]);
    same([(closed as WebSocketError).closeCode, (closed as WebSocketError).reason], [1006, ""]);
  },
};

/** Every expectation by its name. */
export const streamExpectations: Record<string, StreamExpectation> = {
  ...errors,
  ...constructors,
  ...aborts,
  ...messages,
  ...closing,
  ...breaking,
};
