import { spawn } from "node:child_process";
import { expect, describe, test } from "vitest";

import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess, halyardScript } from "../support/halyard-process.js";
import { cachedNode } from "../support/other-node.js";
import { requirement } from "../support/requirement.js";

const newest = cachedNode(26);

/** What the library takes of Node that is not public changes with it, and then must not end the process. */
describe.runIf(requirement("newest Node tests: Node 26", newest !== undefined, "npx -y -p node@26 node -v"))(
  "the server on the newest Node",
  { timeout: 30_000 },
  () => {
    test("echoes, again and again, what is small and what the kernel does not take at once", async () => {
      const args = [halyardScript, "serve", "--port", "0", "--host", "127.0.0.1"];
      const server = HalyardProcess.of(spawn(newest as string, args, { stdio: ["ignore", "pipe", "pipe"] }));
      const [, port] = await server.find(/http:\/\/[^:]+:(\d+)\//);
      const peer = await EchoPeer.connect(`ws://127.0.0.1:${port}/echo`);
      for (const message of ["one", "two", "中".repeat(1_000), "x".repeat(1_000_000), "three"]) {
        peer.socket.send(message);
        expect((await peer.receive()) === message).toBe(true);
      }
      peer.socket.close();
      expect(server.stderr).toBe("");
    });
  },
);
