import { describe, expect, test } from "vitest";
import { compressionMemory } from "../../src/connection/deflate/compression-memory.js";
import type { UpgraderOptions } from "../../src/server/index.js";
import { meet } from "../support/meeting.js";
import { RawPeer } from "../support/raw-peer.js";
import { startUpgrader } from "../support/upgrade-server.js";

const KIB = 1024;

/** The Sec-WebSocket-Extensions with which an upgrader of these options answers `offer`, and what the connection says of it. */
async function negotiate(offer: string | undefined, options: UpgraderOptions): Promise<string | undefined> {
  const server = await startUpgrader(options);
  const headers = { "Sec-WebSocket-Extensions": offer };
  const { response } = await RawPeer.ask(server.port, { headers });
  const answer = response?.headers["sec-websocket-extensions"];
  expect((await server.accepted()).extensions).toBe(answer ?? "");
  return answer;
}

describe("an upgrader", () => {
  test.each([
    ["permessage-deflate", "permessage-deflate; server_max_window_bits=13"],
    [
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; server_max_window_bits=13; client_max_window_bits=13",
    ],
    [
      "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
    ],
    ["x-other, permessage-deflate; unknown, permessage-deflate", "permessage-deflate; server_max_window_bits=13"],
  ])("with compression answers %s with %s", async (offer, answer) => {
    expect(await negotiate(offer, { compression: true })).toBe(answer);
  });

  test("answers as its options say", async () => {
    const compression = { windowBits: 15, peerWindowBits: 10, contextTakeover: false, peerContextTakeover: false };
    expect(await negotiate("permessage-deflate; client_max_window_bits", { compression })).toBe(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10",
    );
  });

  test.each([
    ["nothing offered", undefined],
    ["another extension offered", "x-webkit-deflate-frame"],
    ["an offer that it must decline", "permessage-deflate; server_max_window_bits=7"],
  ])("answers nothing to %s, and lets the client in", async (_, offer) => {
    expect(await negotiate(offer, { compression: true })).toBeUndefined();
  });

  test("without compression, as by default, answers nothing to any offer", async () => {
    expect(await negotiate("permessage-deflate", {})).toBeUndefined();
    expect(await negotiate("permessage-deflate", { compression: false })).toBeUndefined();
  });

  test("keeps no context in either direction for who comes above the budget, until others have left", async () => {
    const server = await startUpgrader({
      compression: { maxMemoryBytes: compressionMemory.usedBytes + (124 + 48) * KIB },
    });
    const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
    const answerTo = async (): Promise<unknown> => {
      const { response } = await RawPeer.ask(server.port, { headers });
      return response?.headers["sec-websocket-extensions"];
    };
    const keeping = "permessage-deflate; server_max_window_bits=13";
    const sharing =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=13";
    expect(await answerTo()).toBe(keeping);
    const first = await server.accepted();
    expect(await answerTo()).toBe(sharing);
    first.terminate();
    await first.closed;
    expect(await answerTo()).toBe(keeping);
  });

  test("does not take the header from responseHeaders", () => {
    return expect(meet({ responseHeaders: { "Sec-WebSocket-Extensions": "permessage-deflate" } })).rejects.toThrow(
      "Sec-WebSocket-Extensions",
    );
  });
});
