/** Halyard, echoing with compression. The argument is the option `compression` as JSON. */
import type * as library from "halyard/server";
import { reportPort } from "./server-control.js";

// By its place in the repository: a workspace cannot import the root package by name.
const entryPoint = new URL("../../../dist/server/index.js", import.meta.url);
const { serve } = (await import(entryPoint.href)) as typeof library;

const server = await serve({
  port: 0,
  host: "127.0.0.1",
  compression: JSON.parse(process.argv[2] ?? "false") as boolean | library.CompressionOptions,
  routes: { "/echo": { message: (connection, message) => connection.write(message) } },
});
reportPort(server.port);
