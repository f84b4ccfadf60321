import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { PerMessageDeflateOptions } from "ws";
import type { CompressionOptions, Server } from "../../src/server/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { listening } from "../support/listening.js";
import { hasPythonWebsockets, HOW_TO_INSTALL_PYTHON_WEBSOCKETS, PYTHON } from "../support/python.js";
import { requirement } from "../support/requirement.js";

/** Servers that differ in everything that is negotiated. */
const servers: readonly CompressionOptions[] = [
  { thresholdBytes: 0 },
  { thresholdBytes: 0, windowBits: 15, peerWindowBits: 15, level: 9, memLevel: 9 },
  { thresholdBytes: 0, windowBits: 9, peerWindowBits: 9, contextTakeover: false },
  { thresholdBytes: 0, contextTakeover: false, peerContextTakeover: false, maxSyncBytes: 0 },
];

/** Short ones and long ones, such that shrink and such that do not, and one again and again. */
const messages: readonly (string | Buffer)[] = [
  "Hello",
  "Hello",
  "",
  JSON.stringify({ type: "message", text: "héllo ⚓" }).repeat(20),
  Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i * 31) % 251)),
  "a long text ".repeat(6_000),
  Buffer.alloc(0),
  "Hello",
];

function serveEcho(compression: CompressionOptions): Promise<Server> {
  return listening({
    compression,
    routes: { "/": { message: (socket, message) => socket.write(message) } },
  });
}

/** A `false` is more than nothing to ws: it makes a server's client_no_context_takeover a reason to leave. */
const yesOrNothing = [undefined, true];

/** Every combination that a client of ws offers. */
const offersOfWs: readonly PerMessageDeflateOptions[] = yesOrNothing.flatMap((serverNoContextTakeover) =>
  yesOrNothing.flatMap((clientNoContextTakeover) =>
    [undefined, 9, 15].flatMap((serverMaxWindowBits) =>
      [undefined, 9, 15].map((clientMaxWindowBits) => ({
        threshold: 0,
        ...given({ serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits }),
      })),
    ),
  ),
);

function given(offer: {
  [Name in keyof PerMessageDeflateOptions]: PerMessageDeflateOptions[Name] | undefined;
}): object {
  return Object.fromEntries(Object.entries(offer).filter(([, value]) => value !== undefined));
}

describe.each(servers)("a server with compression %j", { timeout: 30_000 }, (compression) => {
  test("has every message back from a client of ws, whatever it offers", async () => {
    const server = await serveEcho(compression);
    for (const perMessageDeflate of offersOfWs) {
      const peer = await EchoPeer.connect(`ws://127.0.0.1:${server.port}/`, { perMessageDeflate });
      expect(peer.socket.extensions).toBe("permessage-deflate");
      for (const message of messages) {
        const echo = await peer.echo(message);
        expect(typeof echo).toBe(typeof message);
        expect(Buffer.from(echo).equals(Buffer.from(message))).toBe(true);
      }
      peer.socket.terminate();
    }
  });
});

const run = promisify(execFile);

describe.runIf(
  requirement("compression tests: Python's websockets", hasPythonWebsockets(), HOW_TO_INSTALL_PYTHON_WEBSOCKETS),
)("a server", { timeout: 30_000 }, () => {
  test.each(servers)(
    "with compression %j has every message back from a client of Python's websockets",
    async (compression) => {
      const server = await serveEcho(compression);
      const script = join(import.meta.dirname, "fixtures", "python_deflate_client.py");
      const { stdout } = await run(PYTHON, [script, `ws://127.0.0.1:${server.port}/`]);
      const { agreed, failed } = JSON.parse(stdout) as { agreed: number; failed: readonly string[] };
      expect(failed).toEqual([]);
      expect(agreed).toBe(36);
    },
  );
});
