import { describe, expect, onTestFinished, test } from "vitest";
import type { ServeOptions } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { nextTurn } from "../support/turns.js";

/** Collects the rejections that nobody handled, each of which would end the process. */
function watchUnhandled(): unknown[] {
  const unhandled: unknown[] = [];
  const watch = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", watch);
  onTestFinished(() => void process.off("unhandledRejection", watch));
  return unhandled;
}

const rejecting = async (): Promise<never> => await Promise.reject(new Error("of a callback"));

describe("a callback that rejects", () => {
  test("as onRefused goes to onError, and ends nothing", async () => {
    const unhandled = watchUnhandled();
    const errors: unknown[] = [];
    const server = await listening({ onRefused: rejecting, onError: (error) => errors.push(error) });
    expect((await RawPeer.ask(server.port, { path: "/nowhere" })).response?.status).toBe(404);
    await nextTurn();
    expect(errors).toMatchObject([{ message: "of a callback" }]);
    expect(unhandled).toEqual([]);
  });

  test("as onError is dropped, as what it throws is", async () => {
    const unhandled = watchUnhandled();
    const server = await listening({ onRefused: rejecting, onError: rejecting });
    expect((await RawPeer.ask(server.port, { path: "/nowhere" })).response?.status).toBe(404);
    await nextTurn();
    await nextTurn();
    expect(unhandled).toEqual([]);
  });
});

describe("onRequest", () => {
  const failures: [string, NonNullable<ServeOptions["onRequest"]>][] = [
    [
      "throws",
      () => {
        throw new Error("of onRequest");
      },
    ],
    ["rejects", async () => await Promise.reject(new Error("of onRequest"))],
  ];

  test.each(failures)("that %s means 500 for its client, and tells onError", async (_, onRequest) => {
    const unhandled = watchUnhandled();
    for (const folder of [undefined, import.meta.dirname]) {
      const errors: unknown[] = [];
      const { url } = await listening({ onRequest, static: folder, onError: (error) => errors.push(error) });
      const response = await fetch(new URL("/nowhere", url));
      expect([response.status, await response.text()]).toEqual([500, "The server could not answer\n"]);
      expect(errors).toMatchObject([{ message: "of onRequest" }]);
    }
    expect(unhandled).toEqual([]);
  });

  test("that throws after the head has gone out ends the connection, so that no client waits", async () => {
    const errors: unknown[] = [];
    const { url } = await listening({
      onRequest: (_, response) => {
        response.writeHead(200).write("half");
        throw new Error("of onRequest");
      },
      onError: (error) => errors.push(error),
    });
    const text = fetch(url).then((response) => response.text());
    await expect(text).rejects.toThrow();
    expect(errors).toMatchObject([{ message: "of onRequest" }]);
  });
});
