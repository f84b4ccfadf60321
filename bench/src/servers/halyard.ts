/** Halyard with its defaults. The argument chooses how messages are received: `handler` or `iterator`. */
import type * as library from "halyard/server";
import { reportTo } from "./server-control.js";

// By its place in the repository: a workspace cannot import the root package by name.
const entryPoint = new URL("../../../dist/server/index.js", import.meta.url);
const { serve } = (await import(entryPoint.href)) as typeof library;

const handler: library.Endpoint = {
  message: (connection, message) => {
    connection.write(message);
  },
};

const iterator: library.Endpoint = async (connection) => {
  for await (const message of connection) await connection.send(message);
};

const style = process.argv[2];
if (style !== "handler" && style !== "iterator") throw new Error(`unknown style: ${style}`);

const server = await serve({
  port: 0,
  host: "127.0.0.1",
  routes: { "/echo": style === "handler" ? handler : iterator },
});
reportTo(process, Number(new URL(server.url).port));
