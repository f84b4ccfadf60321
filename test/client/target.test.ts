import { describe, expect, test } from "vitest";
import { readTarget } from "../../src/client/target.js";

describe("the URL of a WebSocket", () => {
  test.each([
    ["ws://example.com", "ws://example.com/", false, "example.com", 80, "example.com", "/"],
    ["ws://example.com:80/a", "ws://example.com/a", false, "example.com", 80, "example.com", "/a"],
    [
      "ws://example.com:8080/a?b=1",
      "ws://example.com:8080/a?b=1",
      false,
      "example.com",
      8080,
      "example.com:8080",
      "/a?b=1",
    ],
    ["wss://EXAMPLE.com/", "wss://example.com/", true, "example.com", 443, "example.com", "/"],
    ["wss://example.com:80/", "wss://example.com:80/", true, "example.com", 80, "example.com:80", "/"],
    ["http://example.com/", "ws://example.com/", false, "example.com", 80, "example.com", "/"],
    ["https://example.com:8443/", "wss://example.com:8443/", true, "example.com", 8443, "example.com:8443", "/"],
    ["ws://[::1]:8080/", "ws://[::1]:8080/", false, "::1", 8080, "[::1]:8080", "/"],
    ["ws://192.0.2.1/é ü", "ws://192.0.2.1/%C3%A9%20%C3%BC", false, "192.0.2.1", 80, "192.0.2.1", "/%C3%A9%20%C3%BC"],
    ["ws://example.com/a%23b", "ws://example.com/a%23b", false, "example.com", 80, "example.com", "/a%23b"],
  ])("RFC 6455 §3: %s", (given, url, isSecure, host, port, authority, path) => {
    const expected = { url, isSecure, host, port, authority, path, socketPath: undefined };
    expect(readTarget(given)).toMatchObject({ target: expected, authorization: undefined });
    expect(readTarget(new URL(given))).toEqual(readTarget(given));
  });

  test.each([
    ["ws+unix:/run/app.sock", "/run/app.sock", "/"],
    ["ws+unix:///run/app.sock:", "/run/app.sock", "/"],
    ["ws+unix:/run/app.sock:/echo?room=1", "/run/app.sock", "/echo?room=1"],
    ["ws+unix:./app.sock:/a:b", "./app.sock", "/a:b"],
    ["ws+unix:/run/my%20app%3A1.sock:/echo", "/run/my app:1.sock", "/echo"],
  ])("names a Unix socket and a path: %s", (given, socketPath, path) => {
    expect(readTarget(given).target).toMatchObject({ socketPath, path, authority: "localhost", isSecure: false });
  });

  test.each([
    ["ws://ada:secret@example.com/", "ada:secret"],
    ["ws://ada@example.com/", "ada:"],
    ["ws://:secret@example.com/", ":secret"],
    ["ws://a%20d%C3%A9:p%3A%40%2F@example.com/", "a dé:p:@/"],
  ])("RFC 7617: carries credentials, percent-decoded: %s", (given, credentials) => {
    const { target, authorization } = readTarget(given);
    expect(authorization).toBe(`Basic ${Buffer.from(credentials).toString("base64")}`);
    expect(JSON.stringify(target)).not.toMatch(/secret|ada|p%3A/);
  });

  test("is shown without its query", () => {
    expect(readTarget("wss://example.com/a?token=secret").target.label).toBe("wss://example.com/a");
    expect(readTarget("ws+unix:/a.sock:/b?token=secret").target.label).toBe("ws+unix:/a.sock:/b");
  });

  test("tells one server from another by scheme, host and port", () => {
    const origin = (url: string): string => readTarget(url).target.origin;
    expect(origin("ws://example.com/a")).toBe(origin("http://example.com:80/b?c"));
    const others = ["ws://a/", "wss://a/", "ws://a:443/", "ws://b/", "ws+unix:/a", "ws+unix:/b"].map(origin);
    expect(new Set(others).size).toBe(others.length);
  });
});

describe("what is not the URL of a WebSocket is refused:", () => {
  test.each([
    ["RFC 6455 §3: a fragment", "ws://example.com/#top", "fragment"],
    ["RFC 6455 §3: an empty fragment", "ws://example.com/#", "fragment"],
    ["another scheme", "ftp://example.com/", 'scheme "ftp:"'],
    ["no scheme", "example.com/echo", "cannot be parsed"],
    ["a scheme without host", "ws://", "cannot be parsed"],
    ["a port that is none", "ws://example.com:99999/", "cannot be parsed"],
    ["nothing", "", "cannot be parsed"],
    ["what is no text", 5, "neither a string nor a URL"],
    ["undefined", undefined, "neither a string nor a URL"],
    ["a user name with a colon", "ws://a%3Ab:c@example.com/", "user name with a colon"],
    ["a password that is not UTF-8", "ws://a:%FF@example.com/", "password that is not percent-encoded"],
    ["a host before a socket's path", "ws+unix://run/app.sock:/echo", "names a host"],
    ["a Unix socket without a path", "ws+unix:", "names no socket"],
    ["a Unix socket without a path, but a request", "ws+unix::/echo", "names no socket"],
    ["a request path without a slash", "ws+unix:/app.sock:echo", "request path without /"],
    ["a socket's path that is not UTF-8", "ws+unix:/%FF.sock:/echo", "socket path that is not percent-encoded"],
  ])("%s", (_, given, why) => {
    expect(() => readTarget(given as string)).toThrow(TypeError);
    expect(() => readTarget(given as string)).toThrow(why);
  });

  test.each(["ws://ada:secret@exa mple/", "ftp://ada:secret@example.com/", "ws://ada:secret@example.com/#a"])(
    "without a word of its secrets: %s",
    (given) => {
      let error: unknown;
      try {
        readTarget(given);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(TypeError);
      expect(JSON.stringify([String(error), error, (error as Error).cause])).not.toContain("secret");
    },
  );
});
