import { once } from "node:events";
import { expect, test } from "vitest";
import { type Loss, ReconnectingSocket } from "../../src/reconnecting/index.js";
import { WebSocket } from "../../src/web/index.js";
import { RawServer, type Visitor } from "../support/raw-server.js";

const messages = Array.from({ length: 24 }, () => "x".repeat(1_000_000));

/** The next client of `server`, accepted; nothing that it sends is read. */
async function accepted(server: RawServer): Promise<Visitor> {
  const visitor = await server.visitor();
  visitor.raw.socket.pause();
  visitor.accept();
  return visitor;
}

test("what a lost WebSocket had not sent stays in bufferedAmount (WHATWG), and what is sent to it comes on top", async () => {
  const server = await RawServer.start();
  const socket = new WebSocket(server.url);
  const visitor = await accepted(server);
  await once(socket, "open");
  for (const message of messages) socket.send(message);
  visitor.raw.socket.resetAndDestroy();
  await once(socket, "close");
  const { bufferedAmount } = socket;
  expect(bufferedAmount).toBeGreaterThan(0);
  socket.send("abc");
  expect(socket.bufferedAmount).toBe(bufferedAmount + 3);
});

test("a reconnecting client takes all that it had given a lost WebSocket for uncertain, and sends none of it again", async () => {
  const server = await RawServer.start();
  const limits = { maxQueuedBytes: 64_000_000, firstDelayMs: 1 };
  await using socket = new ReconnectingSocket(server.url, { ...limits, open: (url) => new WebSocket(url) });
  const losses: Loss[] = [];
  socket.on("loss", (loss) => losses.push(loss));
  const opened = new Promise<void>((resolve) => socket.on("state", ({ kind }) => kind === "open" && resolve()));
  const visitor = await accepted(server);
  await opened;
  for (const message of messages) socket.send(message);
  visitor.raw.socket.resetAndDestroy();
  const next = await server.visitor();
  expect(losses).toEqual([{ kind: "uncertain", messages, omitted: 0 }]);
  expect(socket.queuedMessages).toBe(0);
  next.raw.socket.destroy();
});
