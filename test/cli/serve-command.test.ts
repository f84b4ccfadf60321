import { describe, expect, test } from "vitest";
import { parseFlags } from "../../src/cli/flags.js";
import { closeOptionsOf } from "../../src/cli/serve-command.js";
import { serveFlags, trustProxyOf } from "../../src/cli/serve-flags.js";

test.each([
  [[], 10_000],
  [["--close-timeout-ms", "50"], 10_000],
  [["--close-timeout-ms", "30000"], 30_000],
])("closeOptionsOf() leaves every closing handshake its time: %j", (args, deadlineMs) => {
  expect(closeOptionsOf(parseFlags(serveFlags, args))).toMatchObject({ code: 1001, deadlineMs });
});

test("closeOptionsOf() waits before that as long as --drain-delay-ms says", () => {
  expect(closeOptionsOf(parseFlags(serveFlags, []))).toMatchObject({ drainDelayMs: 0 });
  expect(closeOptionsOf(parseFlags(serveFlags, ["--drain-delay-ms", "15000"]))).toMatchObject({ drainDelayMs: 15_000 });
});

describe("trustProxyOf()", () => {
  const of = (...args: string[]) => trustProxyOf(parseFlags(serveFlags, args));

  test("trusts nobody without --trust-proxy", () => expect(of()).toBe(false));

  test("trusts addresses, networks and names, or a number of proxies", () => {
    expect(of("--trust-proxy", "loopback", "--trust-proxy", "10.0.0.0/8")).toEqual({
      from: ["loopback", "10.0.0.0/8"],
      headers: "x-forwarded",
      proxyProtocol: false,
    });
    expect(of("--trust-proxy", "2", "--proxy-headers", "forwarded")).toMatchObject({ from: 2, headers: "forwarded" });
    expect(of("--trust-proxy", "unix", "--proxy-protocol")).toMatchObject({ from: ["unix"], proxyProtocol: true });
  });

  test.each([
    [["--proxy-protocol"], "--proxy-protocol needs --trust-proxy"],
    [["--proxy-headers", "forwarded"], "--proxy-headers needs --trust-proxy"],
    [["--trust-proxy", "1", "--proxy-headers", "via"], '--proxy-headers takes x-forwarded, forwarded, none, not "via"'],
  ])("refuses %j", (args, message) => expect(() => of(...args)).toThrow(message));
});
