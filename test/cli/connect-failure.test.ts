import { describe, expect, test } from "vitest";
import { CliError } from "../../src/cli/cli-error.js";
import { codeOfFailure, connectFailure, earlyEndFailure, endFailure } from "../../src/cli/connect-failure.js";
import { type CloseInfo, ConnectionError } from "../../src/client/index.js";

const clean: CloseInfo = { code: 1000, reason: "", by: "peer", clean: true, error: undefined };

describe("endFailure()", () => {
  test.each<[what: string, info: CloseInfo]>([
    ["1000 of the server", clean],
    ["1001 of the server", { ...clean, code: 1001, reason: "the server is stopping" }],
    ["a close frame without a code", { ...clean, code: 1005 }],
    ["any code of ours", { ...clean, code: 4000, by: "us" }],
  ])("has nothing to say of %s", (_, info) => {
    expect(endFailure(info)).toBeUndefined();
  });

  test.each<[info: CloseInfo, message: string, code: string]>([
    [{ ...clean, code: 1008 }, "the server closed the connection with 1008 (policy violation)", "ended"],
    [
      { ...clean, code: 4401, reason: "log in\u001b[2J" },
      String.raw`the server closed the connection with 4401: log in\x1b[2J`,
      "ended",
    ],
    [
      { ...clean, code: 1009, by: "us", clean: false, error: ConnectionError.ofFault("message-too-big") },
      `${ConnectionError.ofFault("message-too-big").message}; --max-message-bytes allows more`,
      "protocol-fault",
    ],
    [
      { ...clean, code: 1002, by: "us", clean: false, error: ConnectionError.ofFault("masked-frame") },
      ConnectionError.ofFault("masked-frame").message,
      "protocol-fault",
    ],
    [
      { ...clean, code: 1006, clean: false, error: new ConnectionError("connection-lost", "the connection was lost") },
      "the connection was lost",
      "connection-lost",
    ],
  ])("makes exit code 3 of %o", (info, message, code) => {
    const failure = endFailure(info);
    expect(failure).toMatchObject({ exitCode: 3, message });
    expect(codeOfFailure(failure)).toBe(code);
  });
});

describe("earlyEndFailure()", () => {
  test("makes exit code 3 of an end that came too early", () => {
    const failure = earlyEndFailure("all input was sent");
    expect(failure).toMatchObject({ exitCode: 3, message: "the connection was closed before all input was sent" });
    expect(codeOfFailure(failure)).toBe("ended");
  });
});

describe("connectFailure()", () => {
  test("blames the command line for what `connect` says of its options", () => {
    for (const error of [new TypeError("url cannot be parsed"), new RangeError("option subprotocols got 1")]) {
      expect(connectFailure(error)).toMatchObject({ exitCode: 2, message: error.message });
    }
  });

  test("is no more than a failure for what nobody foresaw", () => {
    expect(connectFailure(new Error("oh"))).toMatchObject({ exitCode: 1, message: "oh" });
  });
});

describe("codeOfFailure()", () => {
  test.each([
    [CliError.ofUsage("a"), "usage"],
    [new CliError("a"), "failed"],
    [new Error("a"), "unexpected"],
  ])("of %o", (error, code) => {
    expect(codeOfFailure(error)).toBe(code);
  });
});
