import { describe, expect, test } from "vitest";
import { createHostPolicy } from "../../src/cli/host-policy.js";

const ownNames = [
  "localhost",
  "localhost:8080",
  "LocalHost.",
  "app.localhost:1",
  "127.0.0.1:8080",
  "[::1]:8080",
  "192.0.2.7",
];
const strangers = [
  "attacker.example",
  "attacker.example:8080",
  "localhost.attacker.example",
  "notlocalhost",
  "",
  "[",
  "user@localhost",
];

describe("createHostPolicy()", () => {
  describe.each(["127.0.0.1:8080", "127.9.9.9:8080", "[::1]:8080"])("over the loopback address %s", (address) => {
    test.each(ownNames)("accepts %j", (host) => {
      expect(createHostPolicy([])(host, { local: address })).toBe(true);
    });

    test.each(strangers)("refuses %j: DNS rebinding", (host) => {
      expect(createHostPolicy([])(host, { local: address })).toBe(false);
    });
  });

  test("accepts any name over other addresses", () => {
    expect(createHostPolicy([])("box.example:8080", { local: "192.0.2.7:8080" })).toBe(true);
    expect(createHostPolicy([])("box.example:8080", { local: "[2001:db8::1]:8080" })).toBe(true);
  });

  describe.each(["127.0.0.1:8080", "192.0.2.7:8080"])("with --allow-host, over %s", (address) => {
    const policy = createHostPolicy(["Box.Example", "other.example:99"]);

    test.each(["box.example", "BOX.example:8080", "box.example.", "other.example", ...ownNames])(
      "accepts %j",
      (host) => {
        expect(policy(host, { local: address })).toBe(true);
      },
    );

    test.each(["a.box.example", ...strangers])("refuses %j", (host) => {
      expect(policy(host, { local: address })).toBe(false);
    });
  });
});
