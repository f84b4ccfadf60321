import { describe, expect, test } from "vitest";
import type { ConnectEvent } from "../../src/cli/connect-event.js";
import { formatConnectAsJson } from "../../src/cli/connect-json.js";
import { formatForSession, formatMessage } from "../../src/cli/connect-text.js";
import { paintIn } from "../../src/cli/paint.js";

describe("formatMessage()", () => {
  test("shows a text on one line that a terminal does not obey", () => {
    expect(formatMessage("hello ⚓")).toBe("hello ⚓");
    expect(formatMessage("\u001b[2J\u009b31m\r\n\u202etxt")).toBe(String.raw`\x1b[2J\x9b31m\r\n\u202etxt`);
    expect(formatMessage("")).toBe("");
  });

  test("shows few bytes on their line, many in a hex dump below", () => {
    expect(formatMessage(new Uint8Array())).toBe("<binary, 0 bytes>");
    expect(formatMessage(Uint8Array.of(0x1b))).toBe("<binary, 1 byte> 1b  .");
    expect(formatMessage(Buffer.from("hello   sailor!!"))).toBe(
      "<binary, 16 bytes> 68 65 6c 6c 6f 20 20 20 73 61 69 6c 6f 72 21 21  hello   sailor!!",
    );
    expect(formatMessage(Buffer.from("hello, captain!\n!"))).toBe(
      [
        "<binary, 17 bytes>",
        "00000000  68 65 6c 6c 6f 2c 20 63 61 70 74 61 69 6e 21 0a  hello, captain!.",
        "00000010  21                                               !",
      ].join("\n"),
    );
  });
});

describe("formatForSession()", () => {
  const plain = paintIn(false);

  test.each<[event: ConnectEvent, text: string | undefined]>([
    [
      {
        event: "connected",
        url: "ws://a/",
        remote: "192.0.2.1:80",
        httpVersion: "1.1",
        subprotocol: "",
        extensions: "",
      },
      "Connected to ws://a/. Enter sends a line, /help lists commands, Ctrl-C closes.",
    ],
    [
      {
        event: "connected",
        url: "ws://a/",
        remote: "192.0.2.1:80",
        httpVersion: "2.0",
        subprotocol: "chat.v2",
        extensions: "permessage-deflate",
      },
      "Connected to ws://a/ over HTTP/2, which speaks chat.v2 (permessage-deflate). Enter sends a line, /help lists commands, Ctrl-C closes.",
    ],
    [{ event: "message", message: "hi" }, "< hi"],
    [{ event: "message", message: Uint8Array.of(1) }, "< <binary, 1 byte> 01  ."],
    [{ event: "sent", message: "hi" }, undefined],
    [{ event: "pong", roundTripMs: 1.2345 }, "pong after 1.2 ms"],
    [{ event: "closed", code: 1000, reason: "", by: "us", clean: true }, "Closed by you with 1000 (normal)"],
    [
      { event: "closed", code: 1001, reason: "bye\u001b[2J", by: "peer", clean: true },
      String.raw`Closed by the server with 1001 (going away): bye\x1b[2J`,
    ],
    [{ event: "closed", code: 4321, reason: "", by: "peer", clean: true }, "Closed by the server with 4321"],
    [{ event: "mistake", message: "no \u001b" }, String.raw`no \x1b`],
    [{ event: "help", text: "a\nb" }, "a\nb"],
    [{ event: "error", code: "timeout", message: "told at the end" }, undefined],
  ])("shows %o", (event, text) => {
    expect(formatForSession(event, plain)).toBe(text);
  });

  test("colors what it is told to", () => {
    expect(formatForSession({ event: "message", message: "hi" }, paintIn(true))).toBe("\u001b[36m< hi\u001b[39m");
  });
});

describe("formatConnectAsJson()", () => {
  const now = new Date("2026-11-24T12:00:00Z");
  const head = { ts: "2026-11-24T12:00:00.000Z" };

  test.each<[event: ConnectEvent, fields: object]>([
    [
      { event: "message", message: "a\u202e" },
      { level: "info", event: "message", type: "text", bytes: 4, data: "a\u202e" },
    ],
    [
      { event: "sent", message: Uint8Array.of(0, 255) },
      { level: "info", event: "sent", type: "binary", bytes: 2, data: "AP8=" },
    ],
    [
      { event: "pong", roundTripMs: 1.23456 },
      { level: "info", event: "pong", roundTripMs: 1.235 },
    ],
    [
      { event: "mistake", message: "a" },
      { level: "warn", event: "mistake", message: "a" },
    ],
    [
      { event: "error", code: "timeout", message: "a" },
      { level: "error", event: "error", code: "timeout", message: "a" },
    ],
  ])("writes %o on one line", (event, fields) => {
    const line = formatConnectAsJson(event, now);
    expect(JSON.parse(line)).toEqual({ ...head, ...fields });
    expect(line).toMatch(/^[\u0020-\u007e]*$/);
  });
});
