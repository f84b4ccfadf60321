import { spawnSync } from "node:child_process";
import { platform } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GeneratorProcess, type OpenSettings } from "../../bench/src/control/generator-process.js";
import type { LoadReport } from "../../bench/src/control/messages.js";
import { ServerProcess } from "../../bench/src/control/server-process.js";
import { buildFloor, buildGenerator } from "../../bench/src/peers/native.js";
import type { Preparation, Program } from "../../bench/src/peers/peer.js";
import { requirement } from "../support/requirement.js";

const hasCompiler = platform === "linux" && spawnSync("cc", ["--version"]).status === 0;
const pinning = { kind: "free", why: "tests share their cores" } as const;

function programOf(preparation: Preparation): Program {
  if (preparation.kind === "missing") throw new Error(preparation.why);
  return preparation.program;
}

describe.runIf(requirement("benchmark tests: a C compiler", hasCompiler, "apt-get install gcc libc6-dev"))(
  "the generator in C and the floor",
  () => {
    let generator: GeneratorProcess;
    let server: ServerProcess;

    beforeAll(async () => {
      const [load, floor] = await Promise.all([buildGenerator(), buildFloor()]);
      generator = await GeneratorProcess.start(programOf(load), pinning);
      server = await ServerProcess.start(programOf(floor), {}, { pinning });
    });

    afterAll(async () => {
      await generator[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    async function loaded(settings: OpenSettings, rate?: number): Promise<LoadReport> {
      await generator.open({ path: "/echo", port: server.port, ...settings });
      const report = await generator.load(40, rate);
      await generator.close();
      return report;
    }

    it.each<[string, OpenSettings]>([
      ["short text", { mode: "echo", connections: 8, "in-flight": 16, bytes: 64, payload: "ascii" }],
      ["Chinese text", { mode: "echo", connections: 2, "in-flight": 3, bytes: 1000, payload: "chinese" }],
      ["long binary messages", { mode: "echo", connections: 2, bytes: 300_000, payload: "binary" }],
      ["short text, the generator awake", { mode: "echo", connections: 8, bytes: 64, payload: "ascii", awake: 1 }],
      ["empty messages", { mode: "echo", connections: 2, bytes: 0, payload: "binary" }],
    ])("exchange %s", async (_, settings) => {
      const { messages, comparedMessages, latency, elapsedMs } = await loaded(settings);
      expect(messages).toBeGreaterThanOrEqual(Number(settings["connections"]) * Number(settings["in-flight"] ?? 1));
      expect(comparedMessages).toBeLessThanOrEqual(messages);
      expect(elapsedMs).toBeGreaterThanOrEqual(40);
      expect(latency.p50Us).toBeLessThanOrEqual(latency.p99Us);
      expect(latency.p99Us).toBeLessThanOrEqual(latency.maxUs);
    });

    it("keep to a rate, whatever the server does", async () => {
      const { messages } = await loaded({ mode: "echo", connections: 4, bytes: 64, payload: "ascii" }, 5000);
      expect(messages).toBe(200);
    });

    it.each([{}, { awake: 1 }])("deliver every broadcast to everybody (%j)", async (more) => {
      const broadcast = { mode: "broadcast", path: "/broadcast", subscribe: "/subscribe" };
      const { messages } = await loaded({
        ...broadcast,
        connections: 50,
        "in-flight": 4,
        bytes: 128,
        payload: "ascii",
        ...more,
      });
      expect(messages % 50).toBe(0);
      expect(messages).toBeGreaterThanOrEqual(200);
    });

    it("shake hands and close, over and over", async () => {
      const { messages } = await loaded({ mode: "handshakes", connections: 4 });
      expect(messages).toBeGreaterThanOrEqual(4);
    });

    it("refuse what makes no sense, with a reason", async () => {
      const another = await GeneratorProcess.start(programOf(await buildGenerator()), pinning);
      await expect(another.open({ mode: "echo", port: 1, path: "/" })).rejects.toThrow("cannot connect to port 1");
      await another[Symbol.asyncDispose]();
    });
  },
);
