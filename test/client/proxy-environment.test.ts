import { describe, expect, test } from "vitest";
import { type Environment, proxyOfEnvironment } from "../../src/client/proxy-environment.js";
import { readTarget } from "../../src/client/target.js";

function labelFor(url: string, environment: Environment): string | undefined {
  return proxyOfEnvironment(readTarget(url).target, environment)?.label;
}

const somewhere = { all_proxy: "http://proxy" };

describe("proxyOfEnvironment()", () => {
  test("takes HTTPS_PROXY for wss, HTTP_PROXY for ws, and ALL_PROXY where these are not set", () => {
    const both = { HTTP_PROXY: "http://a:1", HTTPS_PROXY: "http://b:2" };
    expect(labelFor("ws://example.com/", both)).toBe("http://a:1");
    expect(labelFor("wss://example.com/", both)).toBe("http://b:2");
    expect(labelFor("wss://example.com/", { HTTP_PROXY: "http://a:1", ALL_PROXY: "socks5://c" })).toBe(
      "socks5://c:1080",
    );
    expect(labelFor("wss://example.com/", { HTTP_PROXY: "http://a:1" })).toBeUndefined();
    expect(labelFor("ws://example.com/", {})).toBeUndefined();
  });

  test("takes lower case before upper case, and an empty variable for none", () => {
    expect(labelFor("ws://example.com/", { http_proxy: "http://a", HTTP_PROXY: "http://b" })).toBe("http://a:80");
    expect(labelFor("ws://example.com/", { http_proxy: " ", HTTP_PROXY: "http://b" })).toBe("http://b:80");
    expect(labelFor("ws://a/", { ...somewhere, no_proxy: "b", NO_PROXY: "a" })).toBe("http://proxy:80");
  });

  test("takes a proxy without a scheme for an HTTP proxy, for wss too", () => {
    expect(labelFor("wss://example.com/", { HTTPS_PROXY: "captain:s3cret@proxy:3128" })).toBe("http://proxy:3128");
  });

  test("does not take HTTP_PROXY in a CGI program, where whoever asks may set it", () => {
    const cgi = { REQUEST_METHOD: "GET", HTTP_PROXY: "http://evil" };
    expect(labelFor("ws://example.com/", cgi)).toBeUndefined();
    expect(labelFor("ws://example.com/", { ...cgi, http_proxy: "http://good" })).toBe("http://good:80");
  });

  test.each([
    ["*", "ws://example.com/"],
    ["a.example, *", "ws://example.com/"],
    ["example.com", "ws://example.com/"],
    ["example.com", "ws://sub.example.com/"],
    ["EXAMPLE.com", "ws://Example.COM/"],
    [".example.com", "ws://example.com/"],
    ["*.example.com", "ws://sub.example.com/"],
    ["example.com:80", "ws://example.com/"],
    ["example.com:443", "wss://example.com/"],
    ["other example.com", "ws://example.com/"],
    ["example.com", "ws://example.com./"],
    ["127.0.0.1", "ws://127.0.0.1:8080/"],
    ["127.0.0.1:8080", "ws://127.0.0.1:8080/"],
    ["10.0.0.0/8", "ws://10.200.3.4/"],
    ["::1", "ws://[::1]:8080/"],
    ["[::1]", "ws://[::1]/"],
    ["[::1]:8080", "ws://[::1]:8080/"],
    ["fe80::/10", "ws://[fe80::1]/"],
    ["[fe80::]/10", "ws://[fe80::1]/"],
  ])("exempts by NO_PROXY=%s the target %s", (list, url) => {
    expect(labelFor(url, { ...somewhere, NO_PROXY: list })).toBeUndefined();
  });

  test.each([
    ["", "ws://example.com/"],
    [",", "ws://example.com/"],
    [".", "ws://example.com/"],
    ["example.com", "ws://notexample.com/"],
    ["example.com", "ws://example.com.evil/"],
    ["example.com:8080", "ws://example.com/"],
    ["example.com:x", "ws://example.com/"],
    ["0.0.1", "ws://127.0.0.1/"],
    ["127.0.0.1", "ws://127.0.0.1.example/"],
    ["10.0.0.0/33", "ws://10.0.0.1/"],
    ["10.0.0.0/x", "ws://10.0.0.1/"],
    ["0.0.0.0/0", "ws://[::1]/"],
    ["::/0", "ws://127.0.0.1/"],
    ["[::1]:81", "ws://[::1]/"],
  ])("does not exempt by NO_PROXY=%s the target %s", (list, url) => {
    expect(labelFor(url, { ...somewhere, NO_PROXY: list })).toBe("http://proxy:80");
  });

  test("names the variable that names no proxy, and shows nothing of it", () => {
    expect(() => labelFor("wss://a/", { HTTPS_PROXY: "ftp://s3cret@a" })).toThrow(
      'HTTPS_PROXY of the environment has the scheme "ftp:", which is none of http, https and socks5',
    );
    expect(() => labelFor("ws://a/", { all_proxy: "http://s3cret:@" })).not.toThrow("s3cret");
  });
});
