import { once } from "node:events";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { type CloseEvent, type FailureEvent, WebSocket, WebSocketError, WebSocketStream } from "../../src/web/index.js";
import { listening } from "../support/listening.js";
import { streamExpectations } from "./web-socket-stream-suite.js";
import { expectations } from "./web-socket-suite.js";
import { SuiteServer } from "./support/suite-server.js";

const certificate = await createSelfSigned(undefined);
const tls = { ca: certificate.cert };
const server = await SuiteServer.start(certificate);
afterAll(() => server.stop());

/** A class that trusts our certificate, and is the same in all else. */
function trusting<C extends object>(constructor: C): C {
  return new Proxy(constructor, {
    construct: (target, [url, second]: unknown[], newTarget) => {
      const given = typeof second === "object" && !Array.isArray(second) ? second : { protocols: second };
      return Reflect.construct(target as never, [url, { ...given, tls }], newTarget) as object;
    },
  });
}

/** Those of constructors need no server. */
function connecting<E>(suite: Readonly<Record<string, E>>): [string, E][] {
  return Object.entries(suite).filter(([name]) => !name.startsWith("constructor:"));
}

describe("over TLS", () => {
  beforeAll(() => {
    // The suite asks its server what it saw.
    vi.stubGlobal("fetch", async (url: string) => {
      const asking = request(url, tls).end();
      const [answer] = (await once(asking, "response")) as [NodeJS.ReadableStream];
      return { json: async () => JSON.parse(await text(answer)) as unknown };
    });
    return () => void vi.unstubAllGlobals();
  });

  test.each(connecting(expectations))("WebSocket: %s", async (_, expectation) => {
    await expectation({ WebSocket: trusting(WebSocket), base: server.base });
  });

  test.each(connecting(streamExpectations))("WebSocketStream: %s", async (_, expectation) => {
    await expectation({ WebSocketStream: trusting(WebSocketStream), WebSocketError, base: server.base });
  });
});

describe("a certificate that is not trusted", () => {
  const secret = { key: certificate.key, cert: certificate.cert, passphrase: "s3cret" };

  test.each([
    ["of nobody known", {}, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["for another name", { ...tls, servername: "other.example" }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("%s is an error, then a close with 1006 that tells nothing", async (_, options, code) => {
    const { port } = await listening({ tls: certificate });
    const socket = new WebSocket(`wss://127.0.0.1:${port}/?token=s3cret`, {
      headers: { Authorization: "Bearer s3cret" },
      tls: { ...secret, ...options },
    });
    const told: string[] = [];
    for (const type of ["open", "message", "error", "close"]) socket.addEventListener(type, () => told.push(type));
    const failing = once(socket, "error") as Promise<[FailureEvent]>;
    const [closed] = (await once(socket, "close")) as [CloseEvent];
    expect(told).toEqual(["error", "close"]);
    expect(closed).toMatchObject({ code: 1006, reason: "", wasClean: false });
    expect(socket.readyState).toBe(3);
    const [{ error, message }] = await failing;
    expect(error).toMatchObject({ code: "tls-failed", cause: { code } });
    for (const shown of [message, inspect(error, { depth: 10 })]) {
      expect(shown).not.toMatch(/s3cret|PRIVATE KEY/);
    }
  });

  test("rejects both promises of a WebSocketStream", async () => {
    const { port } = await listening({ tls: certificate });
    const { opened, closed } = new WebSocketStream(`wss://127.0.0.1:${port}/`);
    for (const promise of [opened, closed]) {
      await expect(promise).rejects.toMatchObject({ name: "WebSocketError", cause: { code: "tls-failed" } });
    }
  });
});
