import { expect, test, vi } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import { WebSocketStream } from "../../src/web/index.js";
import { listening } from "../support/listening.js";

test("what has come before a connection broke is read by who reads slowly, then the stream fails", async () => {
  let peer: Connection | undefined;
  const server = await listening({
    routes: {
      "/": {
        open: (connection) => {
          peer = connection;
          for (const word of ["one", "two", "three"]) connection.write(word);
        },
      },
    },
  });
  const stream = new WebSocketStream(server.url, { closeTimeoutMs: 10 });
  const reader = (await stream.opened).readable.getReader();
  const { value: first } = await reader.read();
  peer?.terminate();
  const error: unknown = await stream.closed.catch((reason: unknown) => reason);
  const rest = [(await reader.read()).value, (await reader.read()).value];
  expect([first, ...rest]).toEqual(["one", "two", "three"]);
  await expect(reader.read()).rejects.toBe(error);
  await expect(reader.closed).rejects.toBe(error);
  expect(error).toMatchObject({ name: "WebSocketError", closeCode: 1006 });
});

test("who waits for the end of a stream, and not for a message, learns that the connection broke", async () => {
  let peer: Connection | undefined;
  const server = await listening({ routes: { "/": { open: (connection) => void (peer = connection) } } });
  const stream = new WebSocketStream(server.url);
  const reader = (await stream.opened).readable.getReader();
  await vi.waitUntil(() => peer !== undefined);
  peer?.terminate();
  await expect(reader.closed).rejects.toMatchObject({ name: "WebSocketError", closeCode: 1006 });
  await expect(stream.closed).rejects.toMatchObject({ closeCode: 1006 });
});
