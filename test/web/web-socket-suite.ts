import type { FailureEvent, WebSocket, WebSocketConstructor } from "../../src/web/index.js";

/**
 * What the WebSocket class of the web must do, by the Web Platform Tests' expectations (websockets/) and the standard. It runs on ours, in Node's own and in
 * Chromium, so it imports nothing but types: it is handed over as a text.
 */
interface SuiteContext {
  readonly WebSocket: WebSocketConstructor;
  /** `ws://127.0.0.1:PORT` of the suite's server. */
  readonly base: string;
}

/** One expectation. It throws where it is not met. */
type Expectation = (context: SuiteContext) => void | Promise<void>;

/** What is there, or the name of what was thrown. */
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

async function next<E extends Event>(socket: EventTarget, type: string): Promise<E> {
  return await new Promise((resolve) => socket.addEventListener(type, (event) => resolve(event as E), { once: true }));
}

async function opened({ WebSocket, base }: SuiteContext, path = "/echo", protocols?: string[]): Promise<WebSocket> {
  const socket = new WebSocket(base + path, protocols ?? []);
  await next(socket, "open");
  return socket;
}

async function ended(socket: WebSocket): Promise<unknown[]> {
  const { code, reason, wasClean } = await next<Event & { code: number; reason: string; wasClean: boolean }>(
    socket,
    "close",
  );
  return [code, reason, wasClean];
}

async function echo(socket: WebSocket, message: Parameters<WebSocket["send"]>[0]): Promise<unknown> {
  socket.send(message);
  return (await next<MessageEvent>(socket, "message")).data as unknown;
}

/** What the server saw of the end of the connection that it knows by `id`. */
async function witness(base: string, id: string): Promise<unknown> {
  return await (await fetch(`${base.replace("ws", "http")}/witness?id=${id}`)).json();
}

let ids = 0;
function newId(): string {
  return `${Date.now()}-${ids++}`;
}

/** Resolves in a later task. */
async function task(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** The types of the events of `socket` in order until it is closed, with the state at each. */
function record(socket: WebSocket): { log: unknown[]; over: Promise<unknown> } {
  const log: unknown[] = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, () => void log.push(`${type} ${socket.readyState}`));
  }
  return { log, over: next(socket, "close") };
}

const constructors: Record<string, Expectation> = {
  "constructor: needs new and a URL": ({ WebSocket, base }) => {
    const untyped = WebSocket as unknown as { (...given: unknown[]): unknown; new (...given: unknown[]): unknown };
    same([outcome(() => new untyped()), outcome(() => untyped(base))], ["TypeError", "TypeError"]);
    same([WebSocket.length, WebSocket.name], [1, "WebSocket"]);
  },
  "constructor: refuses a URL that is none, of another scheme or with a fragment (Create-invalid-urls)": ({
    WebSocket,
    base,
  }) => {
    const urls = ["ws://foo bar.com/", "ftp://host/", "mailto:a@b.c", "about:blank", `${base}/#`, `${base}/#test`];
    for (const url of urls) same([url, outcome(() => new WebSocket(url))], [url, "SyntaxError"]);
  },
  "constructor: takes http and https for ws and wss (Create-http-urls)": ({ WebSocket, base }) => {
    const plain = new WebSocket(base.replace("ws:", "http:"));
    const secure = new WebSocket(base.replace("ws:", "https:"));
    same([plain.url, secure.url], [`${base}/`, `${base.replace("ws:", "wss:")}/`]);
    plain.close();
    secure.close();
  },
  "constructor: normalises the URL, keeps its credentials, takes a URL object (interfaces/WebSocket/url)": ({
    WebSocket,
    base,
  }) => {
    const urls = [`  ${base}/a b?q=ü `, base.replace("//", "//u:p@"), base.toUpperCase()];
    const sockets = urls.map((url) => new WebSocket(url));
    sockets.push(new WebSocket(new URL(`${base}/x/../y`)));
    same(
      sockets.map(({ url }) => url),
      [`${base}/a%20b?q=%C3%BC`, `${base.replace("//", "//u:p@")}/`, `${base}/`, `${base}/y`],
    );
    for (const socket of sockets) socket.close();
  },
  "constructor: leaves out the default port (Create-verify-url-set-default-port)": ({ WebSocket }) => {
    const socket = new WebSocket("ws://127.0.0.1:80/x");
    same(socket.url, "ws://127.0.0.1/x");
    socket.close();
  },
  "constructor: refuses subprotocols that are no tokens (Create-nonAscii, -asciiSep, -protocol-with-space)": ({
    WebSocket,
    base,
  }) => {
    for (const name of ["", "a,b", "a b", "a/b", "\u0080", "a\u0000", '"']) {
      same([name, outcome(() => new WebSocket(base, name))], [name, "SyntaxError"]);
      same([name, outcome(() => new WebSocket(base, ["ok", name]))], [name, "SyntaxError"]);
    }
  },
  "constructor: refuses a subprotocol that is there twice (Create-protocols-repeated)": ({ WebSocket, base }) => {
    same(
      outcome(() => new WebSocket(base, ["echo", "echo"])),
      "SyntaxError",
    );
  },
  "constructor: refuses one that is there twice but for its case (Create-protocols-repeated-case-insensitive)": ({
    WebSocket,
    base,
  }) => {
    same(
      outcome(() => new WebSocket(base, ["echo", "Echo"])),
      "SyntaxError",
    );
  },
  "constructor: converts null to the subprotocol of that name, and undefined to none (WebIDL)": async ({
    WebSocket,
    base,
  }) => {
    const socket = new WebSocket(`${base}/echo`, null as unknown as string);
    const other = new WebSocket(`${base}/echo`, undefined);
    await Promise.all([next(socket, "open"), next(other, "open")]);
    same([socket.protocol, other.protocol], ["null", ""]);
    socket.close();
    other.close();
  },
  "constructor: starts out with the defaults (readyState/001, binaryType, extensions/001, protocol/001)": ({
    WebSocket,
    base,
  }) => {
    const socket = new WebSocket(base);
    const { readyState, bufferedAmount, extensions, protocol, binaryType, onopen, onmessage, onerror, onclose } =
      socket;
    same(
      { readyState, bufferedAmount, extensions, protocol, binaryType, onopen, onmessage, onerror, onclose },
      {
        readyState: 0,
        bufferedAmount: 0,
        extensions: "",
        protocol: "",
        binaryType: "blob",
        onopen: null,
        onmessage: null,
        onerror: null,
        onclose: null,
      },
    );
    socket.close();
  },
};

const interfaces: Record<string, Expectation> = {
  "interface: has its constants on the class and the prototype, read-only (constants/001-006)": ({ WebSocket }) => {
    const names = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];
    for (const [value, name] of names.entries()) {
      const wanted = { value, writable: false, enumerable: true, configurable: false };
      same(Object.getOwnPropertyDescriptor(WebSocket, name), wanted);
      same(Object.getOwnPropertyDescriptor(WebSocket.prototype, name), wanted);
    }
  },
  "interface: has enumerable attributes on the prototype, and a string tag": ({ WebSocket, base }) => {
    const keys = ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "send", "close"];
    const socket = new WebSocket(base);
    for (const key of [...keys, "onopen", "onerror", "onclose", "onmessage"]) {
      const { enumerable, configurable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, key) ?? {};
      same([key, enumerable, configurable, Object.hasOwn(socket, key)], [key, true, true, false]);
    }
    same(Object.prototype.toString.call(socket), "[object WebSocket]");
    same([socket.send.length, socket.close.length, socket instanceof EventTarget], [1, 0, true]);
    socket.close();
  },
  "interface: has attributes that cannot be set (readyState/004, bufferedAmount, url/003)": ({ WebSocket, base }) => {
    const socket = new WebSocket(base) as unknown as Record<string, unknown>;
    for (const key of ["readyState", "bufferedAmount", "url", "extensions", "protocol"]) {
      same([key, outcome(() => void (socket[key] = 5))], [key, "TypeError"]);
    }
    (socket as unknown as WebSocket).close();
  },
  "interface: ignores a binaryType that is none (binaryType-wrong-value)": ({ WebSocket, base }) => {
    const socket = new WebSocket(base);
    const untyped = socket as unknown as { binaryType: unknown };
    untyped.binaryType = "notBlob";
    const first = socket.binaryType;
    socket.binaryType = "arraybuffer";
    untyped.binaryType = "";
    same([first, socket.binaryType], ["blob", "arraybuffer"]);
    socket.close();
  },
};

const handlers: Record<string, Expectation> = {
  "handlers: what is no object counts as null, what cannot be called is kept and does nothing (events/006-012)": ({
    WebSocket,
    base,
  }) => {
    const socket = new WebSocket(base);
    const untyped = socket as unknown as { onopen: unknown };
    const values: unknown[] = [1, "x", undefined, null].map((value) => {
      untyped.onopen = value;
      return untyped.onopen;
    });
    const object = {};
    untyped.onopen = object;
    same([values, untyped.onopen === object], [[null, null, null, null], true]);
    socket.dispatchEvent(new Event("open"));
    socket.close();
  },
  "handlers: keep their place when replaced, and lose it by null (HTML, event handlers)": ({ WebSocket, base }) => {
    const socket = new WebSocket(base);
    const log: number[] = [];
    socket.onopen = () => log.push(1);
    socket.addEventListener("open", () => log.push(2));
    socket.onopen = () => log.push(3);
    socket.dispatchEvent(new Event("open"));
    socket.onopen = null;
    socket.onopen = () => log.push(4);
    socket.dispatchEvent(new Event("open"));
    same(log, [3, 2, 2, 4]);
    socket.close();
  },
  "handlers: are called with the WebSocket as this and as target (events/013-016)": async ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/echo`);
    const seen = await new Promise((resolve) => {
      socket.onopen = function onOpen(event) {
        resolve([this === socket, event.target === socket, event.type, event.bubbles, event.cancelable]);
      };
    });
    same(seen, [true, true, "open", false, false]);
    socket.close();
  },
};

const events: Record<string, Expectation> = {
  "events: come in order, each in its state": async (context) => {
    const socket = new context.WebSocket(`${context.base}/burst-close`);
    const { log, over } = record(socket);
    await over;
    same(log.slice(0, 4), ["open 1", "message 1", "message 1", "message 1"]);
    same(log.slice(4), ["close 3"]);
  },
  "events: let promises that wait for one run before the next": async ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/burst`);
    await next(socket, "open");
    const got: unknown[] = [];
    while (got.length < 3) got.push((await next<MessageEvent>(socket, "message")).data);
    same(got, ["one", "two", "three"]);
    socket.close();
  },
  "events: a message has data, an origin and nothing else (events/017-020)": async (context) => {
    const socket = await opened(context, "/echo?room=1");
    socket.send("hello");
    const event = await next<MessageEvent>(socket, "message");
    same(
      [event.data, event.origin, event.lastEventId, event.source, event.ports.length, event.bubbles, event.cancelable],
      ["hello", context.base, "", null, 0, false, false],
    );
    same([event.constructor.name, event instanceof MessageEvent], ["MessageEvent", true]);
    socket.close();
  },
  "events: a close event is one, and does not bubble (CloseEvent/001-004, clean-close)": async (context) => {
    const socket = await opened(context);
    socket.close(3000, "bye");
    const event = await next<Event & { code: number }>(socket, "close");
    same([event.constructor.name, event instanceof Event, event.bubbles], ["CloseEvent", true, false]);
    same(event.code, 3000);
  },
  "events: an error that is thrown by a listener does not stop the others": async (context) => {
    const socket = await opened(context);
    const got: unknown[] = [];
    socket.addEventListener("message", () => got.push("first"));
    socket.addEventListener("message", ({ data }) => got.push(data));
    await echo(socket, "x");
    same(got, ["first", "x"]);
    socket.close();
  },
};

const failures: Record<string, Expectation> = {
  "failing: a refused handshake is an error, then a close with 1006 (Create-blocked-port, cookies)": async ({
    WebSocket,
    base,
  }) => {
    const socket = new WebSocket(`${base}/refuse`);
    const { log } = record(socket);
    same(await ended(socket), [1006, "", false]);
    same(log, ["error 3", "close 3"]);
  },
  "failing: nobody listens": async ({ WebSocket }) => {
    const socket = new WebSocket("ws://127.0.0.1:1/");
    const { log } = record(socket);
    same(await ended(socket), [1006, "", false]);
    same(log, ["error 3", "close 3"]);
  },
  "failing: a frame that breaks the protocol is an error, then a close with 1006": async ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/garbage`);
    const { log } = record(socket);
    same(await ended(socket), [1006, "", false]);
    same(log.slice(-2), ["error 3", "close 3"]);
  },
  "failing: a lost connection is closed with 1006": async ({ WebSocket, base }) => {
    same(await ended(new WebSocket(`${base}/drop`)), [1006, "", false]);
  },
  "failing: a lost connection is an error (RFC 6455 §7.2.1)": async ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/drop`);
    const { log, over } = record(socket);
    await over;
    same(log.slice(-2), ["error 3", "close 3"]);
  },
  "failing: close() while connecting gives up, later (close-connecting, readyState/006)": async ({
    WebSocket,
    base,
  }) => {
    const socket = new WebSocket(`${base}/never`);
    const { log } = record(socket);
    socket.close();
    same([socket.readyState, log], [2, []]);
    same(await ended(socket), [1006, "", false]);
    same(log.at(-1), "close 3");
    same([log.length, String(log[0]).split(" ")[0]], [2, "error"]);
  },
};

const closing: Record<string, Expectation> = {
  "close: refuses codes other than 1000 and 3000-4999 (close/002-004, Close-*)": ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/echo`);
    for (const code of [0, 500, 999, 1001, 1005, 1006, 2999, 5000, 65_536 + 1000, -1, Number.NaN, null, "string"]) {
      same([code, outcome(() => socket.close(code as number))], [code, "InvalidAccessError"]);
    }
    same(socket.readyState, 0);
    socket.close();
    same(
      outcome(() => socket.close(2999)),
      "InvalidAccessError",
    );
  },
  "close: rounds a code to the nearest integer (WebIDL [Clamp])": async (context) => {
    const socket = await opened(context);
    same([outcome(() => socket.close(2999.4)), outcome(() => socket.close(2999.6))], ["InvalidAccessError", null]);
    same(await ended(socket), [3000, "", true]);
  },
  "close: refuses a reason of more than 123 bytes (Close-Reason-124Bytes)": ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/echo`);
    for (const reason of ["x".repeat(124), "é".repeat(62)])
      same(
        outcome(() => socket.close(1000, reason)),
        "SyntaxError",
      );
    same(socket.readyState, 0);
    socket.close(1000, "é".repeat(61));
    same(socket.readyState, 2);
  },
  "close: without arguments sends a frame without a code (Close-1005)": async (context) => {
    const id = newId();
    const socket = await opened(context, `/echo?id=${id}`);
    socket.close();
    same([socket.readyState, await ended(socket)], [2, [1005, "", true]]);
    same(await witness(context.base, id), [1005, ""]);
  },
  "close: sends its code and reason (Close-1000-reason, Close-3000, Close-4999)": async (context) => {
    for (const code of [1000, 3000, 4999]) {
      const id = newId();
      const socket = await opened(context, `/echo?id=${id}`);
      socket.close(code, "bye ⚓");
      const [got, , wasClean] = await ended(socket);
      same([got, wasClean, await witness(context.base, id)], [code, true, [code, "bye ⚓"]]);
    }
  },
  "close: replaces lone surrogates of a reason (Close-reason-unpaired-surrogates)": async (context) => {
    const id = newId();
    const socket = await opened(context, `/echo?id=${id}`);
    socket.close(1000, "a\ud800b");
    await ended(socket);
    same(await witness(context.base, id), [1000, "a\ufffdb"]);
  },
  "close: a reason with an undefined code goes with 1000 (close/006)": async (context) => {
    const id = newId();
    const socket = await opened(context, `/echo?id=${id}`);
    socket.close(undefined, "why");
    await ended(socket);
    same(await witness(context.base, id), [1000, "why"]);
  },
  "close: does nothing the second time, nor from within the close event (close-multiple, close-nested)": async (
    context,
  ) => {
    const socket = await opened(context);
    const { log } = record(socket);
    socket.addEventListener("close", () => socket.close());
    socket.close(3001);
    socket.close(3002);
    same(await ended(socket), [3001, "", true]);
    await task();
    same(log, ["close 3"]);
  },
  "close: the server's code and reason are told (Close-server-initiated-close)": async (context) => {
    const cases = [
      ["code=4001&reason=bye", [4001, "bye", true]],
      ["code=1001", [1001, "", true]],
      ["", [1005, "", true]],
    ] as const;
    for (const [query, wanted] of cases) {
      same(await ended(new context.WebSocket(`${context.base}/close?${query}`)), wanted);
    }
  },
  "close: of two codes the one received is told (RFC 6455 §7.1.5)": async (context) => {
    const socket = await opened(context, "/own-code");
    socket.close(3000, "ours");
    same(await ended(socket), [4002, "theirs", true]);
  },
  "close: drops messages that come after it (readyState/007)": async (context) => {
    const socket = await opened(context, "/burst");
    const { log } = record(socket);
    await next(socket, "message");
    socket.close();
    await ended(socket);
    same(log, ["message 1", "close 3"]);
  },
  "close: what was sent before it arrives (send/010)": async (context) => {
    const id = newId();
    const socket = await opened(context, `/count?id=${id}`);
    for (let i = 0; i < 20; i++) socket.send("x".repeat(10_000));
    socket.send(new Blob(["y".repeat(10_000)]));
    socket.close(3003);
    same(await ended(socket), [3003, "", true]);
    same(await witness(context.base, id), [3003, "", 210_000]);
  },
};

const sending: Record<string, Expectation> = {
  "send: throws while connecting, whatever is given (send/001)": ({ WebSocket, base }) => {
    const socket = new WebSocket(base);
    for (const data of ["", "x", new ArrayBuffer(1), new Blob([])])
      same(
        outcome(() => socket.send(data)),
        "InvalidStateError",
      );
    same(
      outcome(() => (socket as unknown as { send(): void }).send()),
      "TypeError",
    );
    socket.close();
  },
  "send: text comes back (Send-data, Send-unicode-data, Send-0byte-data, Send-65K-data)": async (context) => {
    const socket = await opened(context);
    for (const text of ["hello", "¥¥¥¥¥ ⚓ \u{1f600}", "", "x".repeat(65_536), "null\0"])
      same(await echo(socket, text), text);
    socket.close();
  },
  "send: replaces lone surrogates (Send-paired-surrogates, Send-unpaired-surrogates)": async (context) => {
    const socket = await opened(context);
    same(await echo(socket, "\ud807a\udc07 \ud83d\ude00"), "\ufffda\ufffd \u{1f600}");
    socket.close();
  },
  "send: what is neither bytes nor a blob becomes a string (send/005-012)": async (context) => {
    const socket = await opened(context);
    const given: unknown[] = [null, undefined, 1, true, {}, [1, 2], new String("z")];
    const got: unknown[] = [];
    for (const data of given) got.push(await echo(socket, data as string));
    same(got, ["null", "undefined", "1", "true", "[object Object]", "1,2", "z"]);
    same(
      outcome(() => socket.send(Symbol("x") as unknown as string)),
      "TypeError",
    );
    socket.close();
  },
  "send: bytes come back as an ArrayBuffer (Send-binary-arraybuffer*, all view types, offsets)": async (context) => {
    const socket = await opened(context);
    socket.binaryType = "arraybuffer";
    const { buffer } = Uint8Array.from({ length: 32 }, (_, index) => index);
    const cases: readonly [ArrayBuffer | ArrayBufferView<ArrayBuffer>, number, number][] = [
      [buffer, 0, 32],
      [new Uint8Array(buffer, 3, 5), 3, 5],
      [new DataView(buffer, 2, 4), 2, 4],
      [new Float64Array(buffer, 8, 2), 8, 16],
      [new Int16Array(buffer, 4), 4, 28],
      [new BigUint64Array(buffer, 16, 1), 16, 8],
      [new ArrayBuffer(0), 0, 0],
    ];
    for (const [data, start, length] of cases) {
      const back = await echo(socket, data);
      same([back instanceof ArrayBuffer, (back as ArrayBuffer).byteLength], [true, length]);
      same([...new Uint8Array(back as ArrayBuffer)], [...new Uint8Array(buffer, start, length)]);
    }
    socket.close();
  },
  "send: bytes come back as a Blob (Send-binary-blob, binaryType blob)": async (context) => {
    const socket = await opened(context);
    const back = await echo(socket, new Blob(["ab", "c"]));
    same([back instanceof Blob, (back as Blob).size, await (back as Blob).text()], [true, 3, "abc"]);
    socket.close();
  },
  "send: what is changed after it is sent as it was": async (context) => {
    const socket = await opened(context);
    socket.binaryType = "arraybuffer";
    for (const size of [10, 100_000]) {
      const bytes = new Uint8Array(size).fill(1);
      socket.send(new Blob(["first"]));
      socket.send(bytes);
      bytes.fill(2);
      await next(socket, "message");
      const { data } = await next<Event & { data: ArrayBuffer }>(socket, "message");
      same([data.byteLength, new Uint8Array(data).every((byte) => byte === 1)], [size, true]);
    }
    socket.close();
  },
  "send: keeps the order behind a Blob": async (context) => {
    const socket = await opened(context);
    socket.binaryType = "arraybuffer";
    const got: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        got.push(typeof data === "string" ? data : (data as ArrayBuffer).byteLength);
        if (got.length === 4) resolve();
      };
    });
    socket.send(new Blob(["x".repeat(70_000)]));
    socket.send("two");
    socket.send(new Blob(["xyz"]));
    socket.send("four");
    await all;
    same(got, [70_000, "two", 3, "four"]);
    socket.close();
  },
  "send: refuses views of shared and of resizable memory (WebIDL)": async (context) => {
    const socket = await opened(context);
    const { SharedArrayBuffer: Shared } = globalThis as { SharedArrayBuffer?: typeof SharedArrayBuffer };
    // Pages that are not isolated have none.
    const shared = Shared === undefined ? [] : [new Uint8Array(new Shared(4))];
    const resizable = new (ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer)(4, {
      maxByteLength: 8,
    });
    for (const data of [...shared, resizable, new Uint8Array(resizable)]) {
      same(
        outcome(() => socket.send(data as Uint8Array<ArrayBuffer>)),
        "TypeError",
      );
    }
    same(socket.bufferedAmount, 0);
    socket.close();
  },
  "send: memory that was transferred is empty": async (context) => {
    const socket = await opened(context);
    socket.binaryType = "arraybuffer";
    const buffer = new ArrayBuffer(4);
    structuredClone(buffer, { transfer: [buffer] });
    same(((await echo(socket, buffer)) as ArrayBuffer).byteLength, 0);
    socket.close();
  },
  "send: takes a subprotocol of the server's choice (Create-valid-url-protocol, protocol/001)": async (context) => {
    const socket = await opened(context, "/echo", ["chat.v2", "chat.v1"]);
    same([socket.protocol, socket.extensions], ["chat.v2", ""]);
    socket.close();
  },
};

const amounts: Record<string, Expectation> = {
  "bufferedAmount: counts bytes of UTF-8, of buffers and of blobs within the task (bufferedAmount/*)": async (
    context,
  ) => {
    const socket = await opened(context);
    const seen: number[] = [];
    const messages = ["x", "é", "\u{1f600}", "\ud800", new ArrayBuffer(10), new Uint8Array(20), new Blob(["abc"])];
    for (const data of messages) {
      socket.send(data);
      seen.push(socket.bufferedAmount);
    }
    await Promise.resolve();
    seen.push(socket.bufferedAmount);
    same(seen, [1, 3, 7, 10, 20, 40, 43, 43]);
    socket.close();
  },
  "bufferedAmount: falls to 0 once all is taken": async (context) => {
    const socket = await opened(context);
    await echo(socket, "x".repeat(100_000));
    while (socket.bufferedAmount > 0) await task();
    same(socket.bufferedAmount, 0);
    socket.close();
  },
  "bufferedAmount: falls as bytes are taken, and waits for a server that does not read": async (context) => {
    const id = newId();
    const socket = await opened(context, `/deaf?id=${id}`);
    const total = 24 * 1_000_000;
    for (let i = 0; i < 24; i++) socket.send(new ArrayBuffer(1_000_000));
    same(socket.bufferedAmount, total);
    while (socket.bufferedAmount === total) await task();
    same(socket.bufferedAmount > 0, true);
    await fetch(`${context.base.replace("ws", "http")}/wake?id=${id}`);
    while (socket.bufferedAmount > 0) await task();
    socket.close();
    same(await ended(socket), [1005, "", true]);
  },
  "bufferedAmount: only grows once closing or closed, and is not reset (bufferedAmount/006-010)": async (context) => {
    const socket = await opened(context);
    socket.close();
    socket.send("abc");
    const whileClosing = socket.bufferedAmount;
    await ended(socket);
    const before = socket.bufferedAmount;
    socket.send("é");
    socket.send(new ArrayBuffer(5));
    same([whileClosing, before, socket.bufferedAmount], [3, 3, 10]);
  },
};

/** What Node adds: browsers have none of it. */
export const nodeOnly: Record<string, Expectation> = {
  "the error event tells what happened": async ({ WebSocket, base }) => {
    const socket = new WebSocket(`${base}/refuse`);
    const { error, message } = await next<FailureEvent>(socket, "error");
    same([error instanceof Error, message === error?.message], [true, true]);
  },
};

/** Every expectation by its name. */
export const expectations: Record<string, Expectation> = {
  ...constructors,
  ...interfaces,
  ...handlers,
  ...events,
  ...failures,
  ...closing,
  ...sending,
  ...amounts,
};
