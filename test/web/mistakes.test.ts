import { once } from "node:events";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { WebSocket, WebSocketStream } from "../../src/web/index.js";
import { listening } from "../support/listening.js";

test("a log of the error event shows what happened, and one of the close event shows how", async () => {
  const socket = new WebSocket("ws://127.0.0.1:1/");
  const closing = once(socket, "close");
  const [failed] = (await once(socket, "error")) as [unknown];
  expect(inspect(failed)).toMatch(
    /^ErrorEvent \{\n {2}type: 'error',\n {2}error: ConnectError: .*nobody listens there/,
  );
  const [closed] = (await closing) as [unknown];
  const isOurs = !("CloseEvent" in globalThis); // newer runtimes have one, and show it as they like
  expect(inspect(closed)).toMatch(isOurs ? /^CloseEvent \{[^]*code: 1006/ : /^CloseEvent/);
  expect(inspect({ in: { a: { deep: { log: failed } } } })).not.toContain("nobody listens");
});

test("what is meant for another class says where it belongs", async () => {
  const { url } = await listening({});
  expect(() => new WebSocket(url, { subprotocols: ["chat"] } as never)).toThrow("it takes protocols");
  expect(() => new WebSocketStream(url, ["chat"] as never)).toThrow('as { protocols: ["chat"] }');
});
