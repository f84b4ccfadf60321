/** Halyard with its defaults. The setting `style` chooses how messages are received. */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type * as observers from "halyard/observers";
import type * as library from "halyard/server";
import type { CompressionMode } from "../control/messages.js";
import { reportPort, settings } from "./server-control.js";

// By its place in the repository: a workspace cannot import the root package by name.
const build =
  settings.build === undefined ? new URL("../../../dist/", import.meta.url) : pathToFileURL(`${settings.build}/`);
const entryPoint = new URL("server/index.js", build);
const { serve } = (await import(entryPoint.href)) as typeof library;

const handler: library.Endpoint = {
  message: (connection, message) => {
    connection.write(message);
  },
};

const borrower: library.Endpoint = { ...handler, borrows: true };

const iterator: library.Endpoint = async (connection) => {
  for await (const message of connection) await connection.send(message);
};

const echoes = { handler, borrower, iterator };

const subscribe: library.Endpoint = { open: (connection) => server.topic("all").add(connection) };
const publish: library.Endpoint = { message: (_, message) => void server.topic("all").publish(message) };

const every = { thresholdBytes: 0, maxMemoryBytes: 2 ** 40 };
const compression: Readonly<Record<CompressionMode, library.CompressionOptions>> = {
  "no-takeover": { ...every, contextTakeover: false, peerContextTakeover: false },
  "small-window": every,
  "full-window": { ...every, windowBits: 15, memLevel: 8, peerWindowBits: 15 },
};

async function observerOf(which: "tally" | "frames"): Promise<library.Observer> {
  if (which === "frames") return { frame: () => {} };
  const { Tally } = (await import(new URL("observers/index.js", build).href)) as typeof observers;
  return new Tally().observer;
}

const { style, tls, maxMessageBytes, observer } = settings;
const server: library.Server = await serve({
  port: 0,
  host: "127.0.0.1",
  ...(settings.compression !== undefined && { compression: compression[settings.compression] }),
  ...(observer !== undefined && { observer: await observerOf(observer) }),
  ...(tls !== undefined && { tls: { cert: readFileSync(tls.cert), key: readFileSync(tls.key) } }),
  ...(maxMessageBytes !== undefined && { maxMessageBytes, maxBufferedBytes: 2 * maxMessageBytes }),
  routes: { "/echo": echoes[style ?? "handler"], "/subscribe": subscribe, "/broadcast": publish },
});
reportPort(server.port);
