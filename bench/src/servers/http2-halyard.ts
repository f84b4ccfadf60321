/** Halyard, echoing over TLS and whichever version of HTTP it is asked for. The argument is the paths of the PEM files as JSON. */
import { readFileSync } from "node:fs";
import type * as library from "halyard/server";
import type { TlsFiles } from "../control/messages.js";
import { reportPort } from "./server-control.js";

// By its place in the repository: a workspace cannot import the root package by name.
const entryPoint = new URL("../../../dist/server/index.js", import.meta.url);
const { serve } = (await import(entryPoint.href)) as typeof library;

const { cert, key } = JSON.parse(process.argv[2] ?? "{}") as TlsFiles;
const server = await serve({
  port: 0,
  host: "127.0.0.1",
  tls: { cert: readFileSync(cert), key: readFileSync(key) },
  http2: true,
  routes: { "/echo": { message: (connection, message) => connection.write(message) } },
});
reportPort(server.port);
