import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { start as startExpress } from "../../examples/recipes/express.js";
import { start as startFastify } from "../../examples/recipes/fastify.js";
import { start as startHono } from "../../examples/recipes/hono.js";
import { EchoPeer } from "../support/echo-peer.js";
import { TutorialDoc } from "./tutorial-doc.js";

/** Checks that the server at this port answers a request, and echoes. */
async function checkBoth(port: number, framework: string): Promise<EchoPeer> {
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(`Hello from ${framework}`);
  const peer = await EchoPeer.connect(`ws://127.0.0.1:${port}/`);
  expect(await peer.echo("ahoy")).toBe("ahoy");
  return peer;
}

async function portOf(http: Server): Promise<number> {
  onTestFinished(() => void http.close());
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}

test("each recipe shows its example as it is", () => {
  for (const name of readdirSync("examples/recipes")) {
    const page = `docs/recipes/${name.replace(".ts", ".md")}`;
    expect(existsSync(page), page).toBe(true);
    const code = readFileSync(`examples/recipes/${name}`, "utf8");
    expect(new TutorialDoc(page).blocks).toEqual([{ language: "ts", info: `examples/recipes/${name}`, code }]);
  }
});

test("the recipe for Express answers requests and echoes", async () => {
  await checkBoth(await portOf(startExpress(0)), "Express");
});

test("the recipe for Fastify answers requests, echoes, and closes its connections with 1001 when Fastify closes", async () => {
  const app = await startFastify(0);
  const peer = await checkBoth((app.server.address() as AddressInfo).port, "Fastify");
  await app.close();
  expect((await peer.closed).code).toBe(1001);
});

test("the recipe for Hono answers requests and echoes", async () => {
  await checkBoth(await portOf(startHono(0)), "Hono");
});
