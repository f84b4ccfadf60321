import { describe, expect, test } from "vitest";
import { canonicalAddress, formatNodeName, readNodeName } from "../../../src/server/proxy/node-name.js";

describe("readNodeName()", () => {
  test.each([
    ["192.0.2.43", "192.0.2.43"],
    ["192.0.2.43:47011", "192.0.2.43:47011"],
    ["192.0.2.43:0", "192.0.2.43:0"],
    ["192.0.2.43:_port", "192.0.2.43"],
    ["[2001:db8:cafe::17]", "[2001:db8:cafe::17]"],
    ["[2001:db8:cafe::17]:4711", "[2001:db8:cafe::17]:4711"],
    ["2001:DB8:CAFE:0::17", "[2001:db8:cafe::17]"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["[::ffff:c000:201]:80", "192.0.2.1:80"],
    ["unknown", "unknown"],
    ["UNKNOWN", "unknown"],
    ["_gazonk", "_gazonk"],
    ["_S.E-V_E1:80", "_S.E-V_E1"],
  ])("RFC 7239 §6: takes %s as %s", (text, shown) => {
    const node = readNodeName(text);
    expect(node === undefined ? undefined : formatNodeName(node)).toBe(shown);
  });

  test.each([
    "",
    " ",
    "localhost",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.1:",
    "192.0.2.1:65536",
    "192.0.2.1:080000",
    "192.0.2.1:-1",
    "192.0.2.1:x",
    "[192.0.2.1]",
    "[2001:db8::1",
    "[2001:db8::1]4711",
    "[]",
    "fe80::1%eth0",
    "_",
    "_a b",
    "_é",
    `_${"a".repeat(64)}`,
    "<script>",
    "1.2.3.4\n",
    "_a\n",
  ])("takes %j for none", (text) => expect(readNodeName(text)).toBeUndefined());
});

test("canonicalAddress() writes an address in one way", () => {
  const ways = ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001"];
  expect(new Set(ways.map(canonicalAddress))).toEqual(new Set(["2001:db8::1"]));
});
