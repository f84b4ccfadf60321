import { describe, expect, it } from "vitest";
import { commandLine } from "../../bench/src/control/generator-process.js";
import { parseCommand } from "../../bench/src/generator/settings.js";

describe("a generator's command", () => {
  it("is read as it was written", () => {
    const line = commandLine("open", {
      mode: "broadcast",
      port: 8080,
      path: "/a b",
      subscribe: "/subscribe?x=1",
      connections: 500,
      "in-flight": 16,
      bytes: 128,
      payload: "chinese",
      tls: 1,
      offer: undefined,
    });
    expect(parseCommand(line)).toEqual({
      kind: "open",
      mode: "broadcast",
      port: 8080,
      path: "/a b",
      subscribe: "/subscribe?x=1",
      connections: 500,
      inFlight: 16,
      payloadBytes: 128,
      payload: "chinese",
      isSecure: true,
    });
  });

  it("loads as fast as possible, or at a rate", () => {
    expect(parseCommand("load ms=250")).toEqual({ kind: "load", durationMs: 250, rate: undefined });
    expect(parseCommand("load ms=250 rate=1000")).toEqual({ kind: "load", durationMs: 250, rate: 1000 });
    expect(parseCommand("close\n")).toEqual({ kind: "close" });
  });

  it.each([
    ["open mode=wild", "mode takes echo, broadcast, handshakes, idle"],
    ["open mode=echo payload=noise", "payload takes"],
    ["open mode=echo frames=file", "a C compiler"],
    ["jump", "unknown command: jump"],
  ])("is refused when it is wrong: %s", (line, message) => {
    expect(() => parseCommand(line)).toThrow(message);
  });
});
