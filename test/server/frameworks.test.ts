import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import express from "express";
import fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { refuse } from "../../src/server/index.js";
import { RawPeer } from "../support/raw-peer.js";
import { startUpgrader } from "../support/upgrade-server.js";

/** Checks that an upgrader lives beside what answers plain HTTP on `http`, which says "plain" at /plain. */
async function checkBeside(http: Server, scheme: "http" | "https" = "http"): Promise<void> {
  const server = await startUpgrader(
    { authorize: ({ url }) => (url === "/ws" ? { name: "ada" } : refuse(403, { body: "not here\n" })) },
    { http },
  );
  const tls = scheme === "https";
  const peer = await RawPeer.join(server.port, { path: "/ws", tls });
  const connection = await server.accepted();
  expect(connection.data).toEqual({ name: "ada" });
  connection.handle({ message: (socket, message) => socket.write(message) });
  peer.say("hello");
  expect(await peer.hear()).toEqual({ text: "hello" });

  const { response } = await RawPeer.ask(server.port, { path: "/plain", tls });
  expect(response).toMatchObject({ status: 403, body: "not here\n" });
  if (!tls) expect(await (await fetch(`http://127.0.0.1:${server.port}/plain`)).text()).toBe("plain");

  const closed = server.upgrader.close();
  expect(await peer.hear()).toEqual({ close: 1001, reason: "" });
  peer.close(1001);
  await peer.leave();
  expect(await closed).toEqual({ closed: 1, terminated: 0 });
}

describe("an upgrader lives beside", () => {
  test("a plain node:http server", async () => {
    await checkBeside(createServer((_, response) => response.end("plain")));
  });

  test("a plain node:https server", async () => {
    const certificate = await createSelfSigned(undefined);
    await checkBeside(
      createSecureServer(certificate, (_, response) => response.end("plain")),
      "https",
    );
  });

  test("Express", async () => {
    const app = express();
    app.get("/plain", (_, response) => void response.send("plain"));
    await checkBeside(createServer(app));
  });

  test("Fastify", async () => {
    const app = fastify();
    app.get("/plain", () => "plain");
    await app.ready();
    onTestFinished(() => app.close());
    await checkBeside(app.server);
  });
});
